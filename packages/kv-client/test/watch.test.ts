import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { KvClient, type WatchBatch, type WatchOptions } from '../src/index.ts'
import { deadEndpoint, refuse, scripted } from './support.ts'

const progress = (revision: number) => `id: ${revision}\nevent: progress\ndata: {"revision":${revision}}\n\n`
const put = (revision: number, key: string) => {
  const change = { type: 'put', key, value: 'x', created: revision, modified: revision, version: 1 }
  return `id: ${revision}\nevent: changes\ndata: ${JSON.stringify({ revision, changes: [change] })}\n\n`
}
const remove = (revision: number, keyBase64: string) =>
  `event: changes\ndata: ${JSON.stringify({ revision, changes: [{ type: 'delete', keyBase64 }] })}\n\n`

function stream(response: ServerResponse, text: string): ServerResponse {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.write(text)
  return response
}

/** The first batches of a watch. */
async function take(count: number, endpoints: readonly string[], options: WatchOptions = {}): Promise<WatchBatch[]> {
  const taken: WatchBatch[] = []
  for await (const batch of new KvClient({ endpoints }).watch(options)) {
    taken.push(batch)
    if (taken.length === count) break
  }
  return taken
}

describe('watch', () => {
  it('gives what each write changed, with text where it is text', async () => {
    using server = await scripted((_, response) => stream(response, progress(4) + put(5, 'a') + remove(6, '/w==')))
    expect(await take(2, [server.endpoint], { prefix: 'ä&', since: 4 })).toEqual([
      { revision: 5, changes: [{ type: 'put', key: 'a', value: 'x', created: 5, modified: 5, version: 1 }] },
      { revision: 6, changes: [{ type: 'delete', key: Uint8Array.of(255) }] },
    ])
    expect(server.seen[0]?.url).toBe('/v1/watch?prefix=%C3%A4%26&since=4')
  })

  it('reads events that arrive in pieces', async () => {
    using server = await scripted(async (_, response) => {
      stream(response, ': hello\n')
      for (const byte of Buffer.from(put(5, 'é'))) {
        response.write(Buffer.of(byte))
        if (byte > 127) await new Promise(resolve => setTimeout(resolve, 5))
      }
    })
    expect(await take(1, [server.endpoint])).toMatchObject([{ changes: [{ key: 'é' }] }])
  })

  it('goes on at another node, after the last revision that was told', async () => {
    using first = await scripted((_, response) => stream(response, progress(4) + put(5, 'a')).end())
    using second = await scripted((_, response) => {
      stream(response, progress(8) + put(9, 'b'))
      setTimeout(() => response.destroy(), 20)
    })
    using third = await scripted((_, response) => stream(response, put(10, 'c')))
    const taken = await take(3, [first.endpoint, second.endpoint, third.endpoint])
    expect(taken.map(({ revision }) => revision)).toEqual([5, 9, 10])
    expect([first, second, third].map(({ seen }) => seen[0]?.url)).toEqual(['/v1/watch', '/v1/watch?since=5', '/v1/watch?since=9'])
  })

  it('waits for nodes to come back, once it has begun', async () => {
    let asked = 0
    using server = await scripted((seen, response, request) => {
      if (++asked === 1) stream(response, put(5, 'a')).end()
      else if (asked < 4) refuse(503, 'NO_LEADER')(seen, response, request)
      else stream(response, put(6, 'b'))
    })
    expect((await take(2, [server.endpoint])).map(({ revision }) => revision)).toEqual([5, 6])
  })

  it('gives a silent connection up', async () => {
    using silent = await scripted((_, response) => stream(response, progress(4)))
    using server = await scripted((_, response) => stream(response, put(5, 'a')))
    await take(1, [silent.endpoint, server.endpoint], { silenceMs: 50 })
    expect(server.seen[0]?.url).toBe('/v1/watch?since=4')
  })

  it('tells how far it is, for who wants to know', async () => {
    using server = await scripted((_, response) => stream(response, progress(4) + put(5, 'a')))
    expect((await take(2, [server.endpoint], { progress: true })).map(({ changes }) => changes.length)).toEqual([0, 1])
  })

  it('asks the others before it says that a revision is forgotten', async () => {
    using forgetful = await scripted((_, response) => stream(response, 'event: compacted\ndata: {"revision":7}\n\n'))
    using knowing = await scripted((_, response) => stream(response, put(5, 'a')))
    expect(await take(1, [forgetful.endpoint, knowing.endpoint], { since: 4 })).toMatchObject([{ revision: 5 }])
    using refusing = await scripted(refuse(410, 'COMPACTED'))
    const taken = take(1, [forgetful.endpoint, refusing.endpoint], { since: 4 })
    await expect(taken).rejects.toMatchObject({ code: 'COMPACTED', status: 410 })
  })

  it('fails at once where nobody can be reached, or lets it in', async () => {
    await expect(take(1, [await deadEndpoint()])).rejects.toMatchObject({ code: 'UNREACHABLE' })
    using server = await scripted(refuse(401, 'UNAUTHORIZED'))
    await expect(take(1, [server.endpoint])).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('ends when the caller says so, and closes the connection', async () => {
    let closed = false
    using server = await scripted((_, response) => void stream(response, put(5, 'a')).on('close', () => (closed = true)))
    const controller = new AbortController()
    const taken: number[] = []
    for await (const { revision } of new KvClient({ endpoints: [server.endpoint] }).watch({ signal: controller.signal })) {
      taken.push(revision)
      controller.abort()
    }
    expect(taken).toEqual([5])
    await expect.poll(() => closed).toBe(true)
  })
})
