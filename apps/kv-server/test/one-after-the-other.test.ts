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
