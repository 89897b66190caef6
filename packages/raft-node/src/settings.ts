import type { NodeOptions } from './api.ts'
import { RaftError } from './errors.ts'
import { addressLengthMax } from './member-info.ts'

/** What can change while the node runs. */
export type LiveSettings = {
  tickMs: number
  snapshotEntries: number
  snapshotBytes: number
  snapshotBytesPerSecond: number
  trailingEntries: number
}

/** A node's options with every default filled in. Read anew wherever they are used. */
export type Settings = LiveSettings & {
  /** The operator's name, without a generation. */
  readonly name: string
  readonly clientAddress: string
  readonly electionTicks: number
  /** How long a lease lasts from the sending of the heartbeats that a quorum has answered. */
  readonly leaseMs: number
  /** By how much two clocks may run apart, as a share of 1. */
  readonly clockDrift: number
  readonly minFreeBytes: number
}

const MiB = 1024 * 1024

/** Fills in the defaults (DESIGN §3: an election timeout of 1 to 2 s) and refuses what cannot work. */
export function settingsFrom(options: NodeOptions<unknown>): Settings {
  checkName(options.id)
  const tickMs = positive('tickMs', options.tickMs ?? 100)
  const electionTicks = positive('electionTicks', options.electionTicks ?? 10)
  const { clockDrift = 0.1 } = options
  return {
    name: options.id,
    clientAddress: checkedClientAddress(options.clientAddress ?? ''),
    tickMs,
    electionTicks,
    leaseMs: leaseFor(tickMs, electionTicks, clockDrift),
    clockDrift,
    minFreeBytes: notNegative('minFreeBytes', options.minFreeBytes ?? 64 * MiB),
    snapshotEntries: positive('snapshotEntries', options.snapshotEntries ?? 10_000),
    snapshotBytes: positive('snapshotBytes', options.snapshotBytes ?? 64 * MiB),
    snapshotBytesPerSecond: positive('snapshotBytesPerSecond', options.snapshotBytesPerSecond ?? Number.POSITIVE_INFINITY),
    trailingEntries: notNegative('trailingEntries', options.trailingEntries ?? 5_000),
  }
}

const checks = {
  tickMs: positive,
  snapshotEntries: positive,
  snapshotBytes: positive,
  snapshotBytesPerSecond: positive,
  trailingEntries: notNegative,
} as const satisfies Record<keyof LiveSettings, (what: string, value: number) => number>

/** All of them or none. @throws RaftError INVALID_ARGUMENT for one that cannot work, or that takes a restart. */
export function checkLive(changes: Partial<LiveSettings>): Partial<LiveSettings> {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const check = Object.hasOwn(checks, name) ? checks[name as keyof LiveSettings] : undefined
    if (check === undefined) {
      const help = `only ${Object.keys(checks).join(', ')} can; for others stop the node and start it with the new value`
      throw new RaftError('INVALID_ARGUMENT', `${name} cannot change while the node runs: ${help}`)
    }
    check(name, value)
  }
  return Object.fromEntries(given)
}

/**
 * A promise of so many ticks may be shorter by two: one that was late comes just after it was given, the next in time again (ticker.ts).
 * Rounded down to nothing, there are no leases.
 */
function leaseFor(tickMs: number, electionTicks: number, drift: number): number {
  if (drift >= 0 && drift < 1) return Math.max(0, Math.floor((electionTicks - 2) * tickMs * (1 - drift)))
  throw new RaftError('INVALID_ARGUMENT', `clockDrift is ${drift}: it must be a share of 1, such as 0.1`)
}

/** Whether the lease that was counted at the start is no longer than ticks allow that have got shorter since. */
export function leaseFits({ tickMs, electionTicks, clockDrift, leaseMs }: Settings): boolean {
  return leaseMs <= leaseFor(tickMs, electionTicks, clockDrift)
}

/** A name is printed, typed and becomes part of ids: a `~` in it would look like a generation. */
export function checkName(name: string): void {
  if (/^[A-Za-z0-9.:_-]{1,64}$/.test(name)) return
  throw new RaftError('INVALID_ARGUMENT', `'${name}' cannot name a node: use 1 to 64 letters, digits and . : _ -`)
}

/** Any form, such as a URL, but nothing that could end a header or a line of a log where it is shown. */
export function checkedClientAddress(address: string): string {
  if (/^[!-~]*$/.test(address) && address.length <= addressLengthMax) return address
  throw new RaftError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(address)} is no address for clients: use at most ${addressLengthMax} visible ASCII characters`,
  )
}

function positive(what: string, value: number): number {
  if (value > 0) return value
  throw new RaftError('INVALID_ARGUMENT', `${what} is ${value}: it must be a number above 0`)
}

function notNegative(what: string, value: number): number {
  if (value >= 0) return value
  throw new RaftError('INVALID_ARGUMENT', `${what} is ${value}: it must be a number of at least 0`)
}
