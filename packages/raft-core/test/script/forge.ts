import type { Message } from '../../src/messages.ts'
import type { Command } from './parse.ts'

const bodies = {
  heartbeat: { commit: 0, readToken: 0 },
  appendEntries: { session: 0, after: { term: 0, index: 0 }, entries: [], commit: 0 },
}

/** Such as `forge n2 n1 heartbeat term=2`: a message that n2 never sent, so that it can be seen what a core makes of a mistaken one. */
export function forge({ args, options }: Command): Message {
  const [from = '', to = '', type = ''] = args
  const term = Number(options.get('term'))
  if (type === 'timeoutNow') return { type, from, to, term, lastEntry: { term, index: Number(options.get('last')) } }
  const membership = { voters: ['n1', 'n2', 'n3'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
  const snapshot = { term, index: Number(options.get('index') ?? 9), membership, data: new Uint8Array() }
  const body = type === 'installSnapshot' ? { session: 0, snapshot } : bodies[type as keyof typeof bodies]
  if (body === undefined) throw new Error(`cannot forge ${type}`)
  return { type, from, to, term, ...body } as Message
}
