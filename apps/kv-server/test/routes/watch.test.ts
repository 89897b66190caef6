import { get, type IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { KvStore } from '../../src/store/kv-store.ts'
import type { FakeNode } from '../support/fake-node.ts'
import { serve } from '../support/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

/** Events of one watch, as they come. */
class Watch {
  readonly response: IncomingMessage
  #text = ''
  #wake: () => void = () => {}
  ended = false

  private constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('data', chunk => {
      this.#text += chunk
      this.#wake()
    })
    response.on('close', () => {
      this.ended = true
      this.#wake()
    })
  }

  static open({ port }: Server, query = '', headers: Record<string, string> = {}): Promise<Watch> {
    return new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: `/v1/watch${query}`, headers, agent: false }, response => resolve(new Watch(response))).on(
        'error',
        reject,
      )
    })
  }

  /** The next event, without comments; undefined at the end. */
  async next(): Promise<{ id?: string; event: string; data: unknown } | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const lines = this.#text.slice(0, end).split('\n')
        this.#text = this.#text.slice(end + 2)
        const fields = Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]))
        if (fields.event !== undefined) return { ...fields, event: fields.event, data: JSON.parse(fields.data ?? 'null') }
      } else if (this.ended) return undefined
      else await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}

describe('/v1/watch', () => {
  it('tells where it begins, and then every change, all of one write at once', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/before', '1')
    const watch = await Watch.open(server)
    expect(watch.response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-raft-term': '3' })
    expect(await watch.next()).toEqual({ id: '11', event: 'progress', data: { revision: 11 } })
    await server.ask('POST', '/key', '{"a":"1","b":"2"}')
    await server.ask('DELETE', '/key/a')
    const item = { created: 12, modified: 12, version: 1 }
    expect(await watch.next()).toEqual({
      id: '12',
      event: 'changes',
      data: {
        revision: 12,
        changes: [
          { type: 'put', key: 'a', value: '1', ...item },
          { type: 'put', key: 'b', value: '2', ...item },
        ],
      },
    })
    expect(await watch.next()).toMatchObject({ data: { revision: 13, changes: [{ type: 'delete', key: 'a' }] } })
  })

  it.each([
    ['?prefix=a&since=11', {}],
    ['?prefix=a&since=0', { 'Last-Event-ID': '11' }],
  ])('goes on from a revision, for a part of the keys: %s', async (query, headers) => {
    using server = await serve()
    for (const key of ['a1', 'b1', 'a2']) await server.ask('PUT', `/v1/kv/${key}`, key)
    const watch = await Watch.open(server, query, headers)
    expect(await watch.next()).toMatchObject({ event: 'progress', id: '11' })
    expect(await watch.next()).toMatchObject({ id: '13', data: { changes: [{ key: 'a2' }] } })
  })

  it('says how far it is when there is nothing to tell', async () => {
    using server = await serve({ limits: { progressMs: 20 } })
    const watch = await Watch.open(server, '?prefix=a')
    await watch.next()
    await server.ask('PUT', '/v1/kv/b', '1')
    expect(await watch.next()).toEqual({ id: '11', event: 'progress', data: { revision: 11 } })
  })

  it('answers 410 from a revision that is forgotten, and ends where it is forgotten meanwhile', async () => {
    using server = await serve({ store: new KvStore({ revisions: 2, bytes: 1e6 }) })
    const watch = await Watch.open(server)
    await watch.next()
    for (const value of '12345') await server.ask('PUT', '/v1/kv/a', value)
    expect(await server.ask('GET', '/v1/watch?since=11')).toMatchObject({ status: 410, code: 'COMPACTED' })
    for (const value of ['1', '2', '3', '4', '5']) expect(await watch.next()).toMatchObject({ data: { changes: [{ value }] } })
    const other = new KvStore()
    for (let index = 1; index < 30; index++) other.apply(Uint8Array.of(1, 2, 1, 97), index)
    await server.store.restore(other.snapshot())
    expect(await watch.next()).toEqual({ event: 'compacted', data: { revision: 29 } })
    expect(await watch.next()).toBeUndefined()
  })

  it('waits for a revision that another node has told of, and refuses one that there never was', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/a', '1')
    const read = server.node.read.bind(server.node)
    server.node.read = async options => {
      await server.node.apply(Uint8Array.of(1, 2, 1, 97)) // what this node lacked has come
      return read(options)
    }
    const watch = await Watch.open(server, '?since=12')
    expect(await watch.next()).toMatchObject({ event: 'progress', data: { revision: 12 } })
    server.node.read = read
    expect(await server.ask('GET', '/v1/watch?since=99')).toMatchObject({ status: 400, code: 'REVISION_AHEAD' })
    expect(await server.ask('GET', '/v1/watch', undefined, { 'Last-Event-ID': '99' })).toMatchObject({
      status: 400,
      code: 'REVISION_AHEAD',
    })
  })

  it('takes an index that is no revision: answers tell them, too', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/a', '1')
    server.node.index += 3 // a new leader's first entry, a change of the members
    const watch = await Watch.open(server, `?since=${server.node.index}`)
    await watch.next()
    await server.ask('PUT', '/v1/kv/a', '2')
    expect(await watch.next()).toMatchObject({ event: 'changes' })
  })

  it('is of a key or of a prefix', async () => {
    using server = await serve()
    expect(await server.ask('GET', '/v1/watch?key=a&prefix=a')).toMatchObject({ status: 400, code: 'INVALID_QUERY' })
  })

  it('ends when the server closes, and is forgotten when the client goes', async () => {
    using server = await serve()
    const [staying, leaving] = [await Watch.open(server), await Watch.open(server)]
    await staying.next()
    await leaving.next()
    expect(server.service.watchers.size).toBe(2)
    leaving.response.destroy()
    await expect.poll(() => server.service.watchers.size).toBe(1)
    expect(server.service.load).toMatchObject({ waiters: 1, requests: 0 })
    await server.server.drain()
    expect(await staying.next()).toBeUndefined()
  })

  it('begins again after the last one has ended', async () => {
    using server = await serve()
    for (const revision of [11, 12, 13]) {
      const watch = await Watch.open(server)
      await watch.next()
      await server.ask('PUT', '/v1/kv/a', `value ${revision}`)
      expect(await watch.next()).toMatchObject({ id: String(revision) })
      watch.response.destroy()
      await expect.poll(() => server.service.watchers.size).toBe(0)
    }
  })

  it('tells a thousand watchers', async () => {
    using server = await serve()
    const watches = await Promise.all(Array.from({ length: 1_000 }, () => Watch.open(server)))
    await Promise.all(watches.map(watch => watch.next()))
    await server.ask('PUT', '/v1/kv/a', '1')
    const told = await Promise.all(watches.map(watch => watch.next()))
    expect(new Set(told.map(event => event?.id))).toEqual(new Set(['11']))
  })

  it.each(['?since=-1', '?since=x', '?prefix=%z'])('refuses %s', async query => {
    using server = await serve()
    expect(await server.ask('GET', `/v1/watch${query}`)).toMatchObject({ status: 400 })
  })

  it('refuses more than it can bear', async () => {
    using server = await serve({ limits: { waitersMax: 1 } })
    await Watch.open(server)
    const refused = await server.ask('GET', '/v1/watch')
    expect(refused).toMatchObject({ status: 429, code: 'OVERLOADED', headers: { 'retry-after': '1' } })
  })

  it.each([
    ['has no leader for longer than an election takes', (node: FakeNode) => (node.leaderId = undefined)],
    ['does not serve any more', (node: FakeNode) => (node.fault = { code: 'WIPED_MEMBER', message: 'gone' })],
  ])('ends on a node that %s', async (_, fail) => {
    using server = await serve({ limits: { progressMs: 20, answerTimeoutMs: 100 } })
    const watch = await Watch.open(server)
    await watch.next()
    await new Promise(resolve => setTimeout(resolve, 150))
    expect(watch.ended).toBe(false)
    fail(server.node)
    await expect.poll(() => watch.ended).toBe(true)
  })
})
