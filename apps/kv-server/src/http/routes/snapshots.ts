import type { RestoreResponse, SnapshotResponse } from 'kv-client'
import { RaftError } from 'raft-node'
import { MalformedBytes } from '../../store/bytes.ts'
import type { Pair } from '../../store/command.ts'
import { SnapshotReading } from '../../store/snapshot.ts'
import { streamBody } from '../body.ts'
import { callOptions, type Exchange, servingNode } from '../exchange.ts'
import { read } from '../reading.ts'
import { Refusal } from '../refusal.ts'
import { json, type Reply, writeAll } from '../respond.ts'
import { type Done, perform } from '../writing.ts'

/** `GET /v1/snapshot`: a frozen view, streamed while writes go on. */
export async function downloadSnapshot(exchange: Exchange): Promise<Reply> {
  return read(exchange, () => {
    const { store } = exchange.service
    const view = store.export()
    return {
      status: 200,
      contentType: 'application/octet-stream',
      headers: { 'Content-Disposition': `attachment; filename="snapshot-${store.revision}.kv"` },
      body: response => writeAll(response, view),
    }
  })
}

/** `POST /v1/snapshot/take` */
export async function takeSnapshot(exchange: Exchange): Promise<Reply> {
  const index = await servingNode(exchange.service).snapshot(callOptions(exchange))
  return json(200, { index } satisfies SnapshotResponse)
}

/** Of one command: some milliseconds of everybody's time. */
const batchBytes = 256 * 1024

/**
 * `PUT /v1/snapshot`: the keys go through the log in batches, beside those that are there, and take their place with one last command, once
 * all of the snapshot was found to be right.
 */
export async function restoreSnapshot(exchange: Exchange): Promise<Reply> {
  const node = servingNode(exchange.service)
  const apply = (command: Parameters<typeof perform>[2]): Promise<Done> => perform(exchange, node, command)
  const { revision: restore } = revisionOf(await apply({ type: 'restoreBegin' }))
  let count = 0
  for await (const pairs of batches(exchange)) {
    await apply({ type: 'restoreItems', restore, pairs })
    count += pairs.length
  }
  const { revision } = revisionOf(await apply({ type: 'restoreCommit', restore, count }))
  return json(200, { revision, keys: count } satisfies RestoreResponse, { index: revision })
}

function revisionOf(done: Done): Extract<Done, { type: 'done' }> {
  if (done.type === 'done') return done
  throw new RaftError('INVALID_ARGUMENT', 'the leader is of another version')
}

/** Keys that ended with a lease are left out: whoever kept them alive does not know of this life of theirs. */
async function* batches(exchange: Exchange): AsyncGenerator<readonly Pair[], void, undefined> {
  const reading = new SnapshotReading({ keep: false })
  let batch: Pair[] = []
  let bytes = 0
  try {
    for await (const items of reading.itemsIn(streamBody(exchange, exchange.service.limits.restoreBytesMax))) {
      for (const { key, value, lease } of items) {
        if (lease !== 0) continue
        const more = key.length + value.length
        // A large value goes alone: with others it might be more than a command may hold.
        if (bytes > 0 && bytes + more > batchBytes) {
          yield batch
          batch = []
          bytes = 0
        }
        batch.push([key, value])
        bytes += more
      }
    }
    reading.finish()
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    throw new Refusal(400, 'INVALID_SNAPSHOT', `the snapshot ${error.message}: nothing was changed; take another one`)
  }
  if (batch.length > 0) yield batch
}
