import type { Node } from 'raft-node'
import type { CommandResult } from '../../store/command.ts'
import { callOptions, type Exchange, type Service, servingNode } from '../exchange.ts'
import { invalid } from '../query.ts'
import { Refusal } from '../refusal.ts'
import { type Reply, stalledMsMax } from '../respond.ts'

/** `GET /v1/watch`: on any node, from what that one has applied. On one that is cut off from the others it ends, so that clients go elsewhere. */
export async function watch(exchange: Exchange): Promise<Reply> {
  const { service, query, closing } = exchange
  const node = servingNode(service)
  const { history } = service.store
  const [key, prefix = ''] = [query.bytes('key'), query.bytes('prefix')]
  if (key !== undefined && query.has('prefix')) throw invalid('a watch is of a key or of a prefix, not of both')
  const since = lastEventId(exchange) ?? query.integer('since') ?? history.last
  if (since > history.last) await untilThere(exchange, node, since)
  service.load.checkWait()
  if (since < history.forgottenUpTo) {
    const message = `changes are remembered since revision ${history.forgottenUpTo}, and ${since} is older: list, and watch from the list's revision`
    throw new Refusal(410, 'COMPACTED', message)
  }
  return {
    status: 200,
    contentType: 'text/event-stream',
    headers: { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
    async body(response) {
      service.load.wait()
      try {
        await service.watchers.watch(
          response,
          { key, prefix, since, progressMs: service.limits.progressMs, isCutOff: isCutOff(service), stalledMs: stalledMsMax },
          closing,
        )
      } finally {
        service.load.waited()
      }
    },
  }
}

/**
 * Somebody heard of this revision from another node, and this one is a little behind. Or there never was such a one: the cluster has begun
 * anew since, and whoever waits for it would hear of nothing until then, as if nothing happened. @throws Refusal 400.
 */
async function untilThere(exchange: Exchange, node: Node<CommandResult>, since: number): Promise<void> {
  await node.read(callOptions(exchange))
  const { last } = exchange.service.store.history
  if (since <= Math.max(last, node.applied)) return // not every index is a revision, and answers tell indices (X-Raft-Index), too
  const message = `the store is at revision ${last}, and ${since} is still to come: is it of another cluster? List, and watch from the list's revision`
  throw new Refusal(400, 'REVISION_AHEAD', message)
}

/** A browser that connects again says where it was; that counts for more than the address it began with. */
function lastEventId({ request }: Exchange): number | undefined {
  const id = request.headers['last-event-id']
  if (id === undefined) return undefined
  if (typeof id !== 'string' || !/^\d{1,15}$/.test(id)) throw invalid('Last-Event-ID is not an id that a watch has given')
  return Number(id)
}

/** Nothing new will come to a node that does not serve, or has been without a leader for longer than elections take. */
function isCutOff({ node, limits }: Service): () => boolean {
  let lastSeen = performance.now()
  return () => {
    if (node?.leader() !== undefined) lastSeen = performance.now()
    return node?.fault !== undefined || performance.now() - lastSeen > limits.answerTimeoutMs
  }
}
