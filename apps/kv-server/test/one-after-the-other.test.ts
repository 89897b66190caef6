import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { serve } from './support/serve.ts'

/** All of it in one piece; resolves with what came back once the server has closed. */
function exchange(port: number, requests: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(requests))
    let received = ''
    socket.setEncoding('utf8').on('data', text => (received += text))
    socket.on('close', () => resolve(received)).on('error', reject)
  })
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
const last = 'Host: x\r\nConnection: close\r\n\r\n'
const put = (value: string) => `PUT /v1/kv/foo HTTP/1.1\r\nHost: x\r\nContent-Length: ${value.length}\r\n\r\n${value}`

describe('requests that come at once on one connection', () => {
  it.each([1, 20])('are done one after the other: a read sees the %i writes before it', async count => {
    using server = await serve()
    const apply = server.node.apply.bind(server.node)
    server.node.apply = async (...args) => {
      await new Promise(resolve => setTimeout(resolve, 5))
      return apply(...args)
    }
    const writes = Array.from({ length: count }, (_, at) => put(`value ${at}`)).join('')
    const received = await exchange(server.port, `${writes}GET /v1/kv/foo HTTP/1.1\r\n${last}`)
    expect(statuses(received)).toEqual(Array(count + 1).fill(200))
    expect(received).toMatch(new RegExp(`value ${count - 1}$`))
  })

  it('are not begun once the server has said that the connection ends', async () => {
    using server = await serve()
    const apply = server.node.apply.bind(server.node)
    let applied = 0
    server.node.apply = async (...args) => {
      applied += 1
      await new Promise(resolve => setTimeout(resolve, 50))
      return apply(...args)
    }
    const received = exchange(server.port, put('1') + put('2') + put('3') + put('4'))
    await expect.poll(() => applied).toBe(1)
    await server.server.drain()
    expect(statuses(await received)).toEqual([200])
    expect(applied).toBe(1)
  })

  it('are not read behind one that does not end: the client has to wait', async () => {
    using server = await serve()
    const socket = connect(server.port, '127.0.0.1', () => socket.write(`GET /v1/watch HTTP/1.1\r\nHost: x\r\n\r\n`))
    await new Promise(resolve => socket.once('data', resolve))
    const some = `GET /v1/kv/foo HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(4_000)}\r\n\r\n`.repeat(16)
    const count = 1_000
    let taken = 0
    const written = (error?: Error | null) => {
      if (!error) taken += 1
    }
    for (let at = 0; at < count; at++) socket.write(some, written)
    for (let before = -1; before !== taken; ) {
      before = taken
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(count) // of 64 MB, what the kernel holds for both sides
    socket.destroy()
  })

  it('come one after the other where the next bytes are asked for only then', async () => {
    using server = await serve()
    const requests = Array.from({ length: 100 }, (_, at) => put(`value ${at}`)).join('')
    const received = await exchange(server.port, `${requests}GET /v1/kv/foo HTTP/1.1\r\n${last}`)
    expect(statuses(received)).toEqual(Array(101).fill(200))
    expect(received).toMatch(/value 99$/)
  })
})

describe('what HTTP asks of a request', () => {
  it.each([
    ['a host', 'GET /v1/kv/foo HTTP/1.1\r\nConnection: close\r\n\r\n', 400, /the header Host is missing/],
    ['to expect nothing unknown', `PUT /v1/kv/foo HTTP/1.1\r\nExpect: foo\r\nContent-Length: 1\r\n${last}1`, 417, /only 100-continue/],
  ])('is %s, and the refusal says so', async (_what, request, status, message) => {
    using server = await serve()
    const received = await exchange(server.port, request)
    expect(statuses(received)).toEqual([status])
    expect(received).toMatch(message)
    expect(received).toMatch(/^X-Raft-Leader: /m)
    expect(await server.ask('GET', '/v1/kv/foo')).toMatchObject({ status: 404 })
  })
})
