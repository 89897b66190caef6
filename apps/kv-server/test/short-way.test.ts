import { connect, Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { WholeRequests } from '../src/http/whole-request.ts'
import { serve } from './support/serve.ts'

const set = (key: string, value: string) => {
  const body = JSON.stringify({ [key]: value })
  return `POST /key HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
const get = (key: string, more = '') => `GET /key/${key} HTTP/1.1\r\nHost: x\r\n${more}\r\n`

/** A connection that stays open, and the bytes that came on it. */
function open(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<{ socket: Socket; received: () => string }> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ port, host: '127.0.0.1', ...options }, () => resolve({ socket, received: () => text }))
    socket.on('data', chunk => (text += chunk))
    socket.on('error', reject)
  })
}
const answers = (text: string) => text.split(/(?=HTTP\/1\.1 )/).map(answer => answer.replace(/\r\n.*\r\n\r\n/s, ' | '))

describe('requests that are read whole', () => {
  const read = (text: string) => new WholeRequests(1_000).read(Buffer.from(text, 'latin1'))

  it('are what clients send', () => {
    const bytes = 'PUT /v1/kv/a%2Fb?ttl=5 HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nIf-Match:  "12" \r\ncontent-length: 3\r\n\r\nabc'
    expect(read(bytes)).toMatchObject({ method: 'PUT', url: '/v1/kv/a%2Fb?ttl=5', headers: { 'if-match': '"12"', 'content-length': '3' } })
    expect(read(bytes)?.body.toString()).toBe('abc')
    expect(read('GET /key/a HTTP/1.1\r\nHost: x\r\nX: \xe9\r\n\r\n')?.headers.x).toBe('\xe9')
    expect(read('DELETE /key/a HTTP/1.1\r\nHost: x\r\n\r\n')).toMatchObject({ method: 'DELETE' })
  })

  it.each([
    ['not all of it', 'POST /key HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabc'],
    ['more than one', 'GET /key/a HTTP/1.1\r\nHost: x\r\n\r\nGET /key/a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['no end of the head', 'GET /key/a HTTP/1.1\r\nHost: x\r\n'],
    ['no fields', 'GET /key/a HTTP/1.1\r\n\r\n'],
    ['no host', 'GET /key/a HTTP/1.1\r\nX: x\r\n\r\n'],
    ['two hosts', 'GET /key/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'],
    ['a long head', `GET /key/a HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(1_000)}\r\n\r\n`],
    ['another method', 'HEAD /key/a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a method in lower case', 'get /key/a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['another version', 'GET /key/a HTTP/1.0\r\nHost: x\r\n\r\n'],
    ['no version', 'GET /key/a\r\nHost: x\r\n\r\n'],
    ['a blank in the target', 'GET /key/a b HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a control character in the target', 'GET /key/a\tb HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a fragment', 'GET /key/a#b HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a whole URL', 'GET http://x/key/a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['chunks', 'POST /key HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunks and a length', 'POST /key HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['two lengths', 'POST /key HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 3\r\n\r\nabc'],
    ['a list of lengths', 'POST /key HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc'],
    ['a signed length', 'POST /key HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc'],
    ['a length in hex', 'POST /key HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc'],
    ['an empty length', 'POST /key HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n'],
    ['a body of a GET', 'GET /key/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc'],
    ['a blank before the colon', 'GET /key/a HTTP/1.1\r\nHost : x\r\n\r\n'],
    ['a folded field', 'GET /key/a HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n'],
    ['a field without a name', 'GET /key/a HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n'],
    ['a field without a colon', 'GET /key/a HTTP/1.1\r\nHost: x\r\nX\r\n\r\n'],
    ['a line feed alone', 'GET /key/a HTTP/1.1\r\nHost: x\nX: a\r\n\r\n'],
    ['a carriage return alone', 'GET /key/a HTTP/1.1\r\nHost: x\rX: a\r\n\r\n'],
    ['a zero in a field', 'GET /key/a HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n'],
    ['a connection that ends', 'GET /key/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['an upgrade', 'GET /key/a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n\r\n'],
    ['a body to ask for', 'POST /key HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n'],
  ])('are not: %s', (_, text) => expect(read(text)).toBeUndefined())

  it.each([
    ['nothing but blanks, and then what may not be there', `X:${' '.repeat(15_000)}\0`],
    ['blanks within', `X: a${' \t'.repeat(7_000)}b`],
    ['blanks at its end', `X: a${' '.repeat(15_000)}`],
  ])(
    'take little time to look at, also with %s',
    (_, field) => {
      const requests = new WholeRequests(16 * 1024)
      const began = performance.now()
      const found = requests.read(Buffer.from(`GET /key/a HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n`))
      expect(performance.now() - began).toBeLessThan(50)
      if (found !== undefined) expect(found.headers.x).toBe(field.slice(2).trim())
    },
    5_000,
  )

  it('may be told apart only in their fields', () => {
    const requests = new WholeRequests(1_000)
    const of = (fields: string) => requests.read(Buffer.from(`GET /key/a HTTP/1.1\r\n${fields}\r\n\r\n`))?.headers
    expect(of('Host: x')).toEqual({ host: 'x' })
    expect(of('Host: x\r\nTE: x')).toBeUndefined()
    expect(of('Host: x\r\nTE: x')).toBeUndefined()
    expect(of('Host: y')).toEqual({ host: 'y' })
  })

  it('may be told apart only in their bodies', () => {
    const requests = new WholeRequests(1_000)
    const of = (body: string) => requests.read(Buffer.from(`PUT /key/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n${body}`))?.body
    expect(['abc', 'abcd', 'de', 'def'].map(body => of(body)?.toString())).toEqual(['abc', undefined, undefined, 'def'])
  })
})

describe('one connection', () => {
  it('takes requests one after the other, with what Node says in every answer', async () => {
    using server = await serve()
    const { socket, received } = await open(server.port)
    for (const [count, request] of [set('a', 'ä'), get('a'), get('b')].entries()) {
      socket.write(request)
      await expect.poll(() => answers(received()).filter(answer => answer !== '')).toHaveLength(count + 1)
    }
    expect(answers(received())).toEqual([
      'HTTP/1.1 200 OK | {"index":11}\n',
      'HTTP/1.1 200 OK | {"a":"ä"}',
      'HTTP/1.1 404 Not Found | {"error":{"code":"KEY_NOT_FOUND","message":"there is no key \\"b\\""}}\n',
    ])
    expect(received()).toMatch(
      /\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n/,
    )
    expect(received()).toMatch(/\r\nX-Raft-Leader: 127\.0\.0\.1:8186\r\nX-Raft-Term: 3\r\nX-Raft-Index: 11\r\n/)
    socket.destroy()
  })

  it('answers in order what was sent without waiting, in one piece or in several', async () => {
    using server = await serve()
    let goOn = () => {}
    server.node.gate = new Promise(resolve => (goOn = resolve))
    const { socket, received } = await open(server.port)
    socket.write(set('a', '1'))
    await expect.poll(() => server.node.lastOptions).toBeDefined()
    socket.write(set('b', '2') + get('a'))
    await new Promise(resolve => setTimeout(resolve, 20))
    socket.write(`${get('a')}GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(received()).toBe('')
    goOn()
    await new Promise(resolve => socket.once('close', resolve))
    const bodies = answers(received()).map(answer => answer.replace('HTTP/1.1 200 OK | ', ''))
    expect(bodies).toEqual(['{"index":11}\n', '{"index":12}\n', '{"a":"1"}', '{"a":"1"}', 'ok\n'])
  })

  it('goes on with Node where a request comes bit by bit', async () => {
    using server = await serve()
    const { socket, received } = await open(server.port)
    for (const byte of set('a', '1') + get('a') + set('a', '2')) {
      socket.write(byte)
      await new Promise(resolve => setImmediate(resolve))
    }
    await expect.poll(() => answers(received())).toHaveLength(3)
    expect(server.node.writes).toBe(2)
    socket.destroy()
  })

  it('is ended when nothing was said on it, or nothing more', async () => {
    using server = await serve({ limits: { headersTimeoutMs: 50, keepAliveTimeoutMs: 50 } })
    const silent = await open(server.port)
    await new Promise(resolve => silent.socket.once('close', resolve))
    const idle = await open(server.port)
    idle.socket.write(get('a'))
    await new Promise(resolve => idle.socket.once('close', resolve))
    expect(answers(idle.received())).toHaveLength(1)
  })

  it('is ended with all the others that were used together, some at a time', async () => {
    using server = await serve({ limits: { headersTimeoutMs: 400, keepAliveTimeoutMs: 400 } })
    const connections = await Promise.all(Array.from({ length: 250 }, () => open(server.port)))
    const endedAt: number[] = []
    let turn = 0
    const counting = setInterval(() => (turn += 1), 0) // timers come between what `setImmediate` puts off
    const destroy = Socket.prototype.destroy
    const spy = vi.spyOn(Socket.prototype, 'destroy').mockImplementation(function (this: Socket, ...args) {
      if (this.localPort === server.port) endedAt.push(turn)
      setImmediate(() => (turn += 1))
      return destroy.apply(this, args)
    })
    await Promise.all(connections.map(({ socket }) => new Promise(resolve => socket.once('close', resolve))))
    clearInterval(counting)
    spy.mockRestore()
    const perTurn = endedAt.map(at => endedAt.filter(other => other === at).length)
    expect([endedAt.length, Math.max(...perTurn)]).toEqual([250, 100])
  })

  it('stays as long as something is asked on it now and then', async () => {
    using server = await serve({ limits: { headersTimeoutMs: 300, keepAliveTimeoutMs: 300 } })
    const { socket, received } = await open(server.port)
    for (let count = 1; count <= 10; count++) {
      socket.write(get('a'))
      await expect.poll(() => answers(received())).toHaveLength(count)
      await new Promise(resolve => setTimeout(resolve, 40))
    }
    socket.destroy()
  })

  it('is ended when its client takes nothing of an answer', async () => {
    const length = 7_000_000
    using server = await serve({
      limits: { headersTimeoutMs: 50, keepAliveTimeoutMs: 50, valueBytesMax: length, bodyBytesMax: 2 * length },
    })
    expect((await server.ask('POST', '/key', JSON.stringify({ a: 'x'.repeat(length) }))).status).toBe(200)
    const { socket, received } = await open(server.port)
    socket.pause()
    socket.write(get('a'))
    await new Promise(resolve => setTimeout(resolve, 400))
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.resume()
    await closed
    expect(received().length).toBeLessThan(length)
  })

  it('waits for an answer however long it takes', async () => {
    using server = await serve({ limits: { headersTimeoutMs: 20, keepAliveTimeoutMs: 20 } })
    let goOn = () => {}
    server.node.gate = new Promise(resolve => (goOn = resolve))
    const { socket, received } = await open(server.port)
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.write(set('a', '1'))
    setTimeout(goOn, 100)
    await closed
    expect(received()).toContain('{"index":11}')
  })

  it('refuses more requests than it may have in progress, and counts them off', async () => {
    using server = await serve({ limits: { requestsMax: 1 } })
    let goOn = () => {}
    server.node.gate = new Promise(resolve => (goOn = resolve))
    const [first, second] = [await open(server.port), await open(server.port)]
    first.socket.write(set('a', '1'))
    await expect.poll(() => server.service.load.requests).toBe(1)
    second.socket.write(set('a', '2'))
    await expect.poll(second.received).toContain('429 Too Many Requests')
    goOn()
    await expect.poll(() => server.service.load.requests).toBe(0)
    second.socket.write(get('a'))
    await expect.poll(() => answers(second.received()).at(-1)).toBe('HTTP/1.1 200 OK | {"a":"1"}')
    for (const { socket } of [first, second]) socket.destroy()
  })

  it('is not read on while the client takes no answers', async () => {
    using server = await serve()
    await server.ask('POST', '/key', JSON.stringify({ a: 'x'.repeat(1_000_000) }))
    const { socket, received } = await open(server.port)
    socket.pause()
    let count = 0
    const asking = setInterval(() => count++ < 100 && socket.write(get('a')), 2)
    await expect.poll(() => count, { timeout: 5_000 }).toBeGreaterThan(60)
    const before = server.node.reads
    await new Promise(resolve => setTimeout(resolve, 100))
    clearInterval(asking)
    expect(server.node.reads).toBe(before)
    expect(before).toBeLessThan(30)
    socket.resume()
    await expect.poll(() => received().length, { timeout: 10_000 }).toBeGreaterThan(Math.min(count, 100) * 1_000_000)
    socket.destroy()
  })

  it('takes nothing more once it has said that it closes', async () => {
    using server = await serve()
    let goOn = () => {}
    server.node.gate = new Promise(resolve => (goOn = resolve))
    const { socket, received } = await open(server.port, { allowHalfOpen: true })
    socket.write(set('a', '1'))
    await expect.poll(() => server.node.lastOptions).toBeDefined()
    const drained = server.server.drain()
    goOn()
    await expect.poll(received).toContain('\r\nConnection: close\r\n')
    socket.write(set('a', '2'))
    await new Promise(resolve => setTimeout(resolve, 50))
    await drained
    // The client may send it again elsewhere, since it was told that this connection takes no more.
    expect(server.node.writes).toBe(1)
    socket.destroy()
  })

  it('is in progress until the client has its answer', async () => {
    using server = await serve()
    const value = 'x'.repeat(1_000_000)
    const large = JSON.stringify(Object.fromEntries(Array.from({ length: 7 }, (_, at) => [`k${at}`, value])))
    await server.ask('POST', '/key', large)
    const reads = Array.from({ length: 7 }, (_, at) => ({ op: 'get', key: `k${at}` }))
    const body = JSON.stringify({ success: reads })
    const { socket, received } = await open(server.port)
    socket.pause()
    socket.write(`POST /v1/txn HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await expect.poll(() => server.node.writes).toBe(2)
    const closed = new Promise(resolve => socket.once('close', resolve))
    const drained = server.server.drain()
    socket.resume()
    await drained
    server.server.close()
    await closed
    expect(received().length).toBeGreaterThan(7_000_000)
  })

  it('is counted off also when its client leaves', async () => {
    using server = await serve({ limits: { requestsMax: 1 } })
    let goOn = () => {}
    server.node.gate = new Promise(resolve => (goOn = resolve))
    const { socket } = await open(server.port)
    socket.write(set('a', '1'))
    await expect.poll(() => server.service.load.requests).toBe(1)
    socket.destroy()
    goOn()
    await expect.poll(() => server.service.load.requests).toBe(0)
  })
})
