import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { AnswerReader } from '../src/load/answer-reader.ts'
import { measure } from '../src/load/load.ts'
import { openLoop } from '../src/load/open-loop.ts'
import { bytesOf, requestsOf } from '../src/load/requests.ts'

test('an answer in any pieces is complete at its last byte', () => {
  const answer = Buffer.from('HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello')
  for (let at = 1; at < answer.length; at++) {
    const reader = new AnswerReader()
    expect(reader.push(answer.subarray(0, at))).toBeUndefined()
    expect(reader.push(answer.subarray(at))).toBe(201)
    expect(reader.push(answer)).toBe(201)
  }
  expect(() => new AnswerReader().push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('without a length')
})

test('requests say their length, and go round the keys', () => {
  const [first, second] = requestsOf({ url: '', kind: 'put', keys: 2, valueBytes: 3 })
  expect(bytesOf(first!, 'h').toString()).toBe(
    'POST /key HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{"key00000000":"vvv"}',
  )
  expect(second?.body).toBe('{"key00000001":"vvv"}')
  const [read] = requestsOf({ url: '', kind: 'get', query: '?consistency=stale', keys: 1 })
  expect(bytesOf(read!, 'h').toString()).toBe('GET /key/key00000000?consistency=stale HTTP/1.1\r\nHost: h\r\n\r\n')
  const [put] = requestsOf({ url: '', api: 'etcd', kind: 'put', keys: 1, valueBytes: 3 })
  expect(JSON.parse(put?.body ?? '')).toEqual({ key: btoa('key00000000'), value: btoa('vvv') })
})

test('a server that stalls makes everything late that was due meanwhile, not one request', async () => {
  const stallMs = 400
  let asked = 0
  const late = await measured(async (request, response) => {
    if (++asked === 20) await sleep(stallMs) // one connection: what is due waits behind it
    request.resume().on('end', () => response.end('ok'))
  })
  // 100 a second for a second: about forty were due during the stall, so the ninth decile is late although one request was slow.
  expect(late.latency.p90).toBeGreaterThan(stallMs / 4)
  expect(late).toMatchObject({ errors: 0 })
  expect(late.perSecond).toBeGreaterThan(0)
})

test('refusals are errors', async () => {
  const { errors, perSecond } = await measured((request, response) => {
    response.statusCode = 503
    request.resume().on('end', () => response.end('no'))
  })
  expect(errors).toBe(100)
  expect(perSecond).toBe(0)
})

async function measured(answer: RequestListener) {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return await measure(openLoop(100), { url, kind: 'put', connections: 1, seconds: 1, keys: 3 }, [])
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
