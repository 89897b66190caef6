import type { Exchange } from './exchange.ts'
import { Refusal } from './refusal.ts'
import type { Reply } from './respond.ts'
import { livez, readyz } from './routes/health.ts'
import { join } from './routes/join.ts'
import { deleteKey, getKey, setKeys } from './routes/key.ts'
import { status } from './routes/status.ts'

type Handler = (exchange: Exchange) => Promise<Reply>
type Methods = Readonly<Record<string, Handler>>

/** Every path this server knows. One that ends in `/` stands for all that begin with it. */
const routes: Readonly<Record<string, Methods>> = {
  '/key': { POST: setKeys },
  '/key/': { GET: getKey, DELETE: deleteKey },
  '/join': { POST: join },
  '/v1/status': { GET: status },
  '/livez': { GET: livez },
  '/readyz': { GET: readyz },
}

export type Route = { readonly handler: Handler; readonly rest: string }

/** Who answers a request, and what the path has left. @throws Refusal 404, 405. */
export function route(method: string, path: string): Route {
  const [pattern, rest] = path.startsWith('/key/') ? ['/key/', path.slice('/key/'.length)] : [path, '']
  const methods = Object.hasOwn(routes, pattern) ? routes[pattern] : undefined
  if (methods === undefined) throw new Refusal(404, 'NOT_FOUND', `there is nothing at this path; try ${Object.keys(routes).join(', ')}`)
  const name = method === 'HEAD' ? 'GET' : method // node leaves the body out by itself
  const handler = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (handler === undefined) throw notAllowed(methods)
  return { handler, rest }
}

function notAllowed(methods: Methods): Refusal {
  const allowed = Object.keys(methods).flatMap(name => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
  return new Refusal(405, 'METHOD_NOT_ALLOWED', `this path takes ${allowed.join(', ')}`, { Allow: allowed.join(', ') })
}
