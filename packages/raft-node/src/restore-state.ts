import { Buffer } from 'node:buffer'
import type { Index } from 'raft-core'
import { RaftError } from './errors.ts'
import type { OwnEnvelope, Proposing } from './proposing.ts'
import type { Deadline } from './wait.ts'

/** Small beside what may be uncommitted, and large enough for the disk. */
const pieceBytes = 512 * 1024

/**
 * Puts `data` in the place of the replicated state, through the log: the pieces first, and then one entry that says so. Until that one is
 * proposed nothing has changed, whatever happens. `forget` is told of a restore that is begun and goes no further.
 */
export async function restoreState(
  proposing: Proposing<unknown>,
  data: AsyncIterable<Uint8Array>,
  step: () => Deadline,
  forget: (restore: Index) => void,
): Promise<Index> {
  const propose = async (envelope: OwnEnvelope) => (await proposing.own(envelope, step(), true)).index
  let count = 0
  let isSent = false
  let restore: Index | undefined
  try {
    restore = await propose({ type: 'restoreBegin' })
    for await (const piece of inPieces(data)) {
      await propose({ type: 'restoreData', restore, place: count, data: piece })
      count += 1
    }
    isSent = true
    return await propose({ type: 'restoreCommit', restore, count })
  } catch (error) {
    const isOver = error instanceof RaftError && error.code === 'STATE_MACHINE'
    if (restore !== undefined && !isOver) forget(restore)
    throw error instanceof RaftError && !isSent ? asUnchanged(error) : error
  }
}

/** Its pieces would be in the memory and the snapshots of every node until another restore begins. An end that cannot fit drops them. */
export async function forgetRestore(proposing: Proposing<unknown>, restore: Index, deadline: Deadline): Promise<void> {
  await proposing.own({ type: 'restoreCommit', restore, count: Number.MAX_SAFE_INTEGER }, deadline, true)
}

async function* inPieces(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0)
  for await (const chunk of data) {
    held = Buffer.concat([held, chunk])
    for (; held.length >= pieceBytes; held = held.subarray(pieceBytes)) yield held.subarray(0, pieceBytes)
  }
  if (held.length > 0) yield held
}

function asUnchanged(error: RaftError): RaftError {
  const { code, message, leader } = error
  return new RaftError(code, `${message} (nothing is restored: begin again)`, { outcome: 'not-applied', leader, cause: error })
}
