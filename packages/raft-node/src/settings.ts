import type { NodeOptions } from './api.ts'
import { RaftError } from './errors.ts'

/** A node's options with every default filled in. */
export type Settings = {
  /** The operator's name, without a generation. */
  readonly name: string
  readonly clientAddress: string
  readonly tickMs: number
  readonly electionTicks: number
  readonly snapshotEntries: number
  readonly snapshotBytes: number
  readonly snapshotBytesPerSecond: number
  readonly trailingEntries: number
}

const MiB = 1024 * 1024

/** Fills in the defaults (DESIGN §3: an election timeout of 1 to 2 s) and refuses what cannot work. */
export function settingsFrom(options: NodeOptions<unknown>): Settings {
  checkName(options.id)
  return {
    name: options.id,
    clientAddress: options.clientAddress ?? '',
    tickMs: positive('tickMs', options.tickMs ?? 100),
    electionTicks: positive('electionTicks', options.electionTicks ?? 10),
    snapshotEntries: positive('snapshotEntries', options.snapshotEntries ?? 10_000),
    snapshotBytes: positive('snapshotBytes', options.snapshotBytes ?? 64 * MiB),
    snapshotBytesPerSecond: positive('snapshotBytesPerSecond', options.snapshotBytesPerSecond ?? Number.POSITIVE_INFINITY),
    trailingEntries: options.trailingEntries ?? 5_000,
  }
}

/** A name is printed, typed and becomes part of ids: a `~` in it would look like a generation. */
export function checkName(name: string): void {
  if (/^[A-Za-z0-9.:_-]{1,64}$/.test(name)) return
  throw new RaftError('INVALID_ARGUMENT', `'${name}' cannot name a node: use 1 to 64 letters, digits and . : _ -`)
}

function positive(what: string, value: number): number {
  if (value > 0) return value
  throw new RaftError('INVALID_ARGUMENT', `${what} is ${value}: it must be a number above 0`)
}
