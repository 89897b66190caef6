import { RaftError } from 'raft-node'
import { MalformedBytes } from '../store/bytes.ts'
import { SnapshotReading } from '../store/snapshot.ts'

/** What a snapshot holds. Keys and values are not kept. */
export type SnapshotSummary = {
  /** It is the store as of this revision. */
  readonly revision: number
  readonly keys: number
  /** Keys that a restore leaves out: they end with a lease. */
  readonly leasedKeys: number
  /** Of keys and values alone. */
  readonly dataBytes: number
  readonly largestValueBytes: number
  /** Of the whole snapshot. */
  readonly bytes: number
}

/**
 * Reads all of a snapshot, in little memory, and compares its checksum.
 * @throws RaftError CORRUPT if it is not a complete snapshot of this format.
 */
export async function checkSnapshot(data: AsyncIterable<Uint8Array>): Promise<SnapshotSummary> {
  const reading = new SnapshotReading({ keep: false })
  let [bytes, keys, leasedKeys, dataBytes, largestValueBytes] = [0, 0, 0, 0, 0]
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of data) {
      bytes += chunk.length
      yield chunk
    }
  }
  try {
    for await (const items of reading.itemsIn(counted())) {
      for (const item of items) {
        keys++
        if (item.lease !== 0) leasedKeys++
        dataBytes += item.key.length + item.value.length
        largestValueBytes = Math.max(largestValueBytes, item.value.length)
      }
    }
    return { revision: reading.finish().revision, keys, leasedKeys, dataBytes, largestValueBytes, bytes }
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    throw new RaftError('CORRUPT', `the snapshot ${error.message}: it is damaged, incomplete or no snapshot; use another one`)
  }
}
