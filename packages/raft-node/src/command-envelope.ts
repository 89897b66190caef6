import { entryMemory } from './entry-memory.ts'
import { readSafeInteger, writeSafeInteger } from './safe-integer.ts'

/**
 * How the node wraps what it proposes: one byte that says for whom the entry is, then numbers of eight bytes, then the payload.
 * So what the node keeps beside the state machine (barriers, sessions, log time) is in the same log and needs no command of its own.
 */
const kinds = {
  command: 0,
  barrier: 1,
  openSession: 2,
  keepSession: 3,
  closeSession: 4,
  sessionCommand: 5,
  time: 6,
  restoreBegin: 7,
  restoreData: 8,
  restoreCommit: 9,
} as const

/** A command that is applied once, however often it comes (thesis §6.3). */
export type SessionCommand = {
  readonly session: number
  /** Which of the session's commands, from 1 on. */
  readonly serial: number
  /** Up to this serial number the client has its answers and will not ask again. */
  readonly answered: number
  readonly command: Uint8Array
}

/** Another state is put in the place of this one, piece by piece; the restore gets the index of its first entry as its number. */
export type RestoreStep =
  | { readonly type: 'restoreBegin' }
  | { readonly type: 'restoreData'; readonly restore: number; readonly place: number; readonly data: Uint8Array }
  | { readonly type: 'restoreCommit'; readonly restore: number; readonly count: number }

/** What an entry of the log says to a node. */
export type Envelope =
  | { readonly type: 'command'; readonly command: Uint8Array }
  | { readonly type: 'barrier' }
  /** The session gets the entry's index as its number. */
  | { readonly type: 'openSession'; readonly ttlMs: number }
  | { readonly type: 'keepSession' | 'closeSession'; readonly session: number }
  | ({ readonly type: 'sessionCommand' } & SessionCommand)
  /** Log time, as the leader has measured it since the time `sinceMs`; if that is not the last any more, it counts for nothing. */
  | { readonly type: 'time'; readonly sinceMs: number; readonly nowMs: number }
  | RestoreStep

export function wrapCommand(command: Uint8Array): Uint8Array {
  const data = entryMemory(command.length + 1)
  data[0] = kinds.command
  data.set(command, 1)
  return data
}

export const barrierEntry: Uint8Array = Uint8Array.of(kinds.barrier)

/** Everything but commands outside sessions and barriers, which have shorter ways above. */
export function wrap(envelope: Exclude<Envelope, { type: 'command' | 'barrier' }>): Uint8Array {
  if (envelope.type === 'sessionCommand') {
    const { session, serial, answered, command } = envelope
    return numbered(kinds.sessionCommand, [session, serial, answered], command)
  }
  if (envelope.type === 'time') return numbered(kinds.time, [envelope.sinceMs, envelope.nowMs])
  if (envelope.type === 'restoreBegin') return Uint8Array.of(kinds.restoreBegin)
  if (envelope.type === 'restoreData') return numbered(kinds.restoreData, [envelope.restore, envelope.place], envelope.data)
  if (envelope.type === 'restoreCommit') return numbered(kinds.restoreCommit, [envelope.restore, envelope.count])
  return numbered(kinds[envelope.type], [envelope.type === 'openSession' ? envelope.ttlMs : envelope.session])
}

/** The command of an entry that is one outside sessions. */
export function plainCommandIn(data: Uint8Array): Uint8Array | undefined {
  return data[0] === kinds.command ? data.subarray(1) : undefined
}

/** Whether the entry is the last of a restore. */
export function isRestoreCommit(data: Uint8Array): boolean {
  return data[0] === kinds.restoreCommit
}

/** @throws Error for an entry that no node of this version writes. */
export function envelopeIn(data: Uint8Array): Envelope {
  const command = plainCommandIn(data)
  if (command !== undefined) return { type: 'command', command }
  if (data[0] === kinds.barrier) return { type: 'barrier' }
  const at = (place: number) => readSafeInteger(viewOf(data), 1 + 8 * place)
  if (data[0] === kinds.openSession) return { type: 'openSession', ttlMs: at(0) }
  if (data[0] === kinds.keepSession) return { type: 'keepSession', session: at(0) }
  if (data[0] === kinds.closeSession) return { type: 'closeSession', session: at(0) }
  if (data[0] === kinds.time) return { type: 'time', sinceMs: at(0), nowMs: at(1) }
  if (data[0] === kinds.sessionCommand)
    return { type: 'sessionCommand', session: at(0), serial: at(1), answered: at(2), command: data.subarray(25) }
  if (data[0] === kinds.restoreBegin) return { type: 'restoreBegin' }
  if (data[0] === kinds.restoreData) return { type: 'restoreData', restore: at(0), place: at(1), data: data.subarray(17) }
  if (data[0] === kinds.restoreCommit) return { type: 'restoreCommit', restore: at(0), count: at(1) }
  throw new Error(`an entry of unknown kind ${data[0]}: written by a newer version of raft-node?`)
}

function numbered(kind: number, numbers: readonly number[], rest?: Uint8Array): Uint8Array {
  const start = 1 + 8 * numbers.length
  const data = entryMemory(start + (rest?.length ?? 0))
  data[0] = kind
  const view = viewOf(data)
  for (const [place, value] of numbers.entries()) writeSafeInteger(view, 1 + 8 * place, value)
  if (rest !== undefined) data.set(rest, start)
  return data
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength)
}
