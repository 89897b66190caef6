import { metricsText } from '../../metrics/node-metrics.ts'
import type { Exchange } from '../exchange.ts'
import type { Reply } from '../respond.ts'

/** `GET /metrics`: answered also by a node that does not serve, for that is when it is looked at. */
export async function metrics({ service }: Exchange): Promise<Reply> {
  return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: metricsText(service) }
}
