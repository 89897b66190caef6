import { Configuration } from './configuration.ts'
import type { KeyHistory, Step } from './key-history.ts'
import { absent, unseen } from './key-history.ts'
import type { Seer } from './seers.ts'
import { Seers } from './seers.ts'

/** What one step begins is certainly there, as it was written or grown, from the first return of those who have to do with it to the last call. */
type Zone = { readonly root: Step; start: number; end: number }

/**
 * Two values that must both be there at one time; or a step that happens wholly while something is there that it does not fit. Where every
 * value is begun by one step only, that is all that can go wrong with writes and reads (Gibbons and Korach's zones). In nearly linear time.
 */
export function hasZonesInConflict(history: KeyHistory): boolean {
  const seers = new Seers(new Configuration(history)).all.filter(({ kind }) => kind === 'must')
  const zones = zonesOf(history, seers)
  let before = -1
  for (const { start, end } of zones) {
    if (start < before) return true
    before = Math.max(before, end)
  }
  const rootsOf = new Map(seers.map(seer => [seer.step, seer.roots]))
  return history.definite.some(step => {
    const zone = zoneAround(zones, step)
    if (zone === undefined || zone.root === step) return false
    return step.kind === 'write' || rootsOf.get(step)?.includes(zone.root.value) === false
  })
}

/** In the order of time; those without a length are left out. */
function zonesOf({ definite, optional, has, texts }: KeyHistory, seers: readonly Seer[]): readonly Zone[] {
  const zones = new Map<number, Zone>()
  const ambiguous = new Set<number>([absent, unseen])
  for (const step of [...definite, ...optional]) {
    if (step.kind !== 'write' && step.kind !== 'cas') continue
    if (zones.has(step.value)) ambiguous.add(step.value)
    zones.set(step.value, { root: step, start: step.return, end: step.call })
  }
  for (const { roots, step, text } of seers) {
    const canGrowOfNothing = has.append && texts.ways(text, 0) > 0
    const zone = roots.length === 1 && !canGrowOfNothing ? zones.get(roots[0]!) : undefined
    if (zone === undefined) continue
    zone.start = Math.min(zone.start, step.return)
    zone.end = Math.max(zone.end, step.call)
  }
  return [...zones.values()].filter(({ root, start, end }) => start < end && !ambiguous.has(root.value)).sort((a, b) => a.start - b.start)
}

/** The zone that a step lies within: with its call and its return. */
function zoneAround(zones: readonly Zone[], step: Step): Zone | undefined {
  let low = 0
  let high = zones.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (zones[middle]!.start < step.call) low = middle + 1
    else high = middle
  }
  const zone = zones[low - 1]
  return zone !== undefined && step.return < zone.end ? zone : undefined
}
