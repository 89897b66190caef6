import type { Exchange } from '../exchange.ts'
import { servingNode } from '../exchange.ts'
import { invalid } from '../query.ts'
import { Refusal } from '../refusal.ts'
import type { Reply } from '../respond.ts'

/** `GET /v1/watch`: on any node, from what that one has applied. */
export async function watch(exchange: Exchange): Promise<Reply> {
  const { service, query, closing } = exchange
  servingNode(service)
  const { history } = service.store
  const [key, prefix = ''] = [query.bytes('key'), query.bytes('prefix')]
  const since = lastEventId(exchange) ?? query.integer('since') ?? history.last
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
        await service.watchers.watch(response, { key, prefix, since, progressMs: service.limits.progressMs }, closing)
      } finally {
        service.load.waited()
      }
    },
  }
}

/** A browser that connects again says where it was; that counts for more than the address it began with. */
function lastEventId({ request }: Exchange): number | undefined {
  const id = request.headers['last-event-id']
  if (id === undefined) return undefined
  if (typeof id !== 'string' || !/^\d{1,15}$/.test(id)) throw invalid('Last-Event-ID is not an id that a watch has given')
  return Number(id)
}
