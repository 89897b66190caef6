import { RaftError } from 'raft-node'
import { describe, expect, it } from 'vitest'
import { serve } from './support/serve.ts'

const requests = [
  ['GET', '/key/foo', undefined],
  ['POST', '/key', '{"foo":"bar"}'],
  ['DELETE', '/key/foo', undefined],
] as const

describe.each(requests)('on a node that does not lead, %s %s', (method, path, body) => {
  it('is forwarded by default', async () => {
    using server = await serve()
    server.node.leaderId = 'n2'
    const answer = await server.ask(method, path, body)
    expect(answer.status).toBe(method === 'GET' ? 404 : 200)
    expect(answer.headers['x-raft-leader']).toBe('127.0.0.1:8286')
  })

  it('is redirected to the same path and query', async () => {
    using server = await serve({ nonLeader: 'redirect' })
    server.node.leaderId = 'n2'
    const answer = await server.ask(method, `${path}?x=%20y`, body)
    expect(answer.status).toBe(307)
    expect(answer.headers.location).toBe(`http://127.0.0.1:8280${path}?x=%20y`)
  })

  it("is rejected with the workshop's answer", async () => {
    using server = await serve({ nonLeader: 'reject' })
    server.node.leaderId = 'n2'
    const answer = await server.ask(method, path, body)
    expect(answer.status).toBe(500)
    expect(answer.text).toBe('not leader\n')
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'x-raft-leader': '127.0.0.1:8286',
      'content-length': '11',
    })
  })

  it.each(['forward', 'redirect', 'reject'] as const)('tells that there is no leader, and why: %s', async nonLeader => {
    using server = await serve({ nonLeader })
    server.node.leaderId = undefined
    const answer = await server.ask(method, path, body)
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.headers).not.toHaveProperty('x-raft-leader')
    const message = 'no leader: 1 of 3 voters reachable, 2 needed'
    expect(answer.json()).toEqual({ error: { code: 'NO_LEADER', message, ...(method === 'GET' ? {} : { outcome: 'not-applied' }) } })
  })

  it('waits no longer than the client says it will', async () => {
    using server = await serve({ limits: { answerTimeoutMs: 3_000 } })
    const timeouts: unknown[] = []
    for (const patience of ['1200', '60000', '0', 'soon']) {
      await server.ask(method, path, body, { 'X-Raft-Timeout': patience })
      timeouts.push(server.node.lastOptions?.timeoutMs)
    }
    expect(timeouts).toEqual([1_200, 3_000, 3_000, 3_000])
  })

  it('does as the request says', async () => {
    using server = await serve({ nonLeader: 'reject' })
    server.node.leaderId = 'n2'
    expect((await server.ask(method, `${path}?non-leader=forward`, body)).status).toBe(method === 'GET' ? 404 : 200)
    expect((await server.ask(method, `${path}?non-leader=redirect`, body)).status).toBe(307)
    expect((await server.ask(method, `${path}?non-leader=shrug`, body)).status).toBe(400)
  })
})

describe('a node that may not forward', () => {
  it('serves while it leads', async () => {
    using server = await serve({ nonLeader: 'reject' })
    expect(await server.ask('POST', '/key', '{"foo":"bar"}')).toMatchObject({ status: 200 })
    expect(server.node.lastOptions).toMatchObject({ forward: false })
    expect(await server.ask('GET', '/key/foo')).toMatchObject({ status: 200 })
  })

  it('rejects when it stops leading meanwhile', async () => {
    using server = await serve({ nonLeader: 'reject' })
    server.node.gate = Promise.resolve().then(() => {
      server.node.leaderId = 'n3'
    })
    const answer = await server.ask('POST', '/key', '{"foo":"bar"}')
    expect(answer).toMatchObject({ status: 500, text: 'not leader\n' })
    expect(answer.headers['x-raft-leader']).toBe('127.0.0.1:8386')
  })

  it('answers stale reads itself', async () => {
    using server = await serve({ nonLeader: 'reject' })
    server.node.leaderId = 'n2'
    expect(await server.ask('GET', '/key/foo?consistency=stale')).toMatchObject({ status: 404 })
  })

  it('cannot redirect to a leader without a client address', async () => {
    using server = await serve({ nonLeader: 'redirect' })
    server.node.leaderId = 'n2'
    server.node.members = server.node.members.map(member => ({ ...member, clientAddress: '' }))
    expect(await server.ask('GET', '/key/foo')).toMatchObject({ status: 503 })
  })

  it('does not take a failure for a lost leadership', async () => {
    using server = await serve({ nonLeader: 'reject' })
    server.node.failure = new RaftError('TIMED_OUT', 'too slow')
    expect(await server.ask('POST', '/key', '{"foo":"bar"}')).toMatchObject({ status: 504 })
  })
})
