/** How a run differs from what its seed draws: with less going wrong, and shorter. */
export type Simpler = {
  /** Faults that do not happen, by name. */
  readonly without: readonly string[]
  /** Events under faults. Default: as many as ever. */
  readonly events?: number | undefined
}

/** As the seed draws it. */
export function isPlain({ without, events }: Simpler): boolean {
  return without.length === 0 && events === undefined
}

/** What goes wrong in a run, by name; how fast links and disks are does not count. */
export function faultsOn(faults: object): string[] {
  return Object.entries(faults).flatMap(([name, value]) => {
    if (isGroup(value)) return faultsOn(value)
    return value !== undefined && value !== 0 && canBeOff(name, value) ? [name] : []
  })
}

/** The same without some of what goes wrong. Throws a RangeError if nothing has this name. */
export function withoutFaults<Faults extends object>(faults: Faults, names: readonly string[]): Faults {
  const known = namesIn(faults)
  const stray = names.find(name => !known.includes(name))
  if (stray !== undefined) throw new RangeError(`no fault is called ${stray}; there are ${known.join(', ')}`)
  return switchedOff(faults, names)
}

function switchedOff<Faults extends object>(faults: Faults, names: readonly string[]): Faults {
  const entries = Object.entries(faults).map(([name, value]) => {
    if (isGroup(value)) return [name, switchedOff(value, names)]
    return [name, names.includes(name) ? off(name) : value]
  })
  return Object.fromEntries(entries)
}

function namesIn(faults: object): string[] {
  return Object.entries(faults).flatMap(([name, value]) => (isGroup(value) ? namesIn(value) : canBeOff(name, value) ? [name] : []))
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('everyMs' in value)
}
/** Rates, and what recurs; undefined is something that recurs in other runs. How fast links and disks are stays. */
function canBeOff(name: string, value: unknown): boolean {
  if (Array.isArray(value)) return false
  return value === undefined || isRate(name) || typeof value === 'object' || /^(?!late|slow).*Ms$/.test(name)
}
function isRate(name: string): boolean {
  return name.endsWith('Rate') || name === 'skew'
}
function off(name: string): 0 | undefined {
  return isRate(name) ? 0 : undefined
}
