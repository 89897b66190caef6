/** Numbers that look random and are the same for the same seed. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }
  is(probability: number): boolean {
    return this.next() < probability
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most) }, () => this.below(256)))
  }
}

const methods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'BREW', 'get', '']
const paths = [
  '/key',
  '/key/a',
  '/v1/kv',
  '/v1/kv/a',
  '/v1/txn',
  '/v1/watch',
  '/v1/leases',
  '/v1/leases/3',
  '/v1/leases/3/keep-alive',
  '/v1/locks',
  '/v1/locks/l',
  '/v1/status',
  '/v1/members',
  '/v1/members/x',
  '/v1/members/x/promote',
  '/v1/members/x/demote',
  '/v1/join-secrets',
  '/join',
  '/v1/leader/transfer',
  '/v1/snapshot',
  '/v1/snapshot/take',
  '/livez',
  '/readyz',
  '/metrics',
  '/v1/openapi.json',
  '/',
  '*',
]
const pieces = [
  '%',
  '%00',
  '%ff',
  '%zz',
  '..',
  '//',
  '__proto__',
  '\\',
  '\u00e9',
  'constructor',
  '?',
  '#',
  '%2e%2e',
  '/keep-alive',
  '10',
  ' ',
]
const parameters = [
  'consistency',
  'max-staleness',
  'max-lag',
  'key',
  'prefix',
  'from',
  'to',
  'cursor',
  'limit',
  'keys',
  'since',
  'ttl',
  'lease',
  'not',
  'waitMs',
  'non-leader',
]
const words = [
  '',
  '0',
  '1',
  '-1',
  '1e9',
  'NaN',
  '99999999999999999999',
  'stale',
  'lease',
  'true',
  '%',
  '%ff',
  'reject',
  'redirect',
  'null',
  '🦑',
  '\u0000',
]
const headers = [
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'Last-Event-ID',
  'X-Raft-Timeout',
  'Accept',
  'Authorization',
  'Expect',
  'Content-Type',
  'Transfer-Encoding',
  'Content-Length',
  'Connection',
]
const values = [
  '*',
  '"1"',
  'W/"1"',
  '""',
  'x',
  '0',
  '-1',
  '100-continue',
  'application/json',
  'chunked',
  'Bearer x',
  '12',
  '"',
  'k'.repeat(300),
  '\u00ff',
  'close',
  '1, 2',
]
const bodies = [
  '',
  '{',
  '{}',
  '[]',
  'null',
  '"',
  '1e999',
  '{"a":1}',
  '{"a":"1"}',
  '{"__proto__":"x"}',
  '{"":"x"}',
  '{"ttlMs":1}',
  '{"ttlMs":-1}',
  '{"ttlMs":"x"}',
  '{"lease":1,"waitMs":1}',
  '{"lease":-1}',
  '{"compare":[{}]}',
  '{"compare":[{"key":"a","target":"version","operand":-1}]}',
  '{"success":[{"op":"put"}]}',
  '{"success":[{"op":"get","key":"a"}]}',
  '{"success":[{"op":"put","keyBase64":"/w==","valueBase64":"="}]}',
  '{"id":"x","addr":"y","incarnation":"z"}',
  '{"id":"x"}',
  '{"target":"n9"}',
  '\ufeff{}',
  '{"a":"\\ud800"}',
  `[${'['.repeat(2_000)}`,
]

/** Mostly like a request of ours, with something wrong in it; sometimes just bytes. */
export function randomRequest(chance: Chance): Buffer {
  if (chance.is(0.05)) return chance.bytes(400)
  const lines = [
    `${chance.pick(methods)} ${target(chance)} HTTP/1.${chance.is(0.02) ? chance.below(10) : 1}`,
    `Host: ${chance.is(0.98) ? 'localhost' : 'x'}`,
    // Without it the request may be read on the bare connection.
    ...(chance.is(0.5) ? ['Connection: close'] : []),
  ]
  while (chance.is(0.4)) lines.push(`${chance.pick(headers)}: ${chance.pick(values)}`)
  if (chance.is(0.01)) lines.push(`X-Long: ${'y'.repeat(chance.below(40_000))}`)
  const body = chance.is(0.2) ? chance.bytes(2_000) : Buffer.from(chance.pick(bodies))
  if (chance.is(0.9)) lines.push(`Content-Length: ${chance.is(0.95) ? body.length : chance.below(100_000)}`)
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, chance.is(0.9) ? 'utf8' : 'latin1'), body])
}

function target(chance: Chance): string {
  let path = chance.pick(paths)
  while (chance.is(0.3)) path += chance.pick(pieces)
  const query: string[] = []
  while (chance.is(0.4)) query.push(`${chance.pick(parameters)}=${chance.pick(words)}`)
  return query.length === 0 ? path : `${path}?${query.join('&')}`
}
