import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { serve } from './support/serve.ts'

describe('closing', () => {
  it('answers what is in progress, on a connection that is then closed', async () => {
    using server = await serve()
    let open = () => {}
    server.node.gate = new Promise(resolve => (open = resolve))
    const agent = new Agent({ keepAlive: true })
    const answer = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      get({ port: server.port, host: '127.0.0.1', path: '/key/foo', agent }, response => {
        response.resume()
        resolve({ status: response.statusCode, connection: response.headers.connection })
      }).on('error', reject)
    })
    await expect.poll(() => server.node.lastOptions).toBeDefined()

    const drained = server.server.drain()
    await expect(server.ask('GET', '/livez')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    open()
    expect(await answer).toEqual({ status: 404, connection: 'close' })
    await drained
    agent.destroy()
  })

  it('ends idle connections, also those that never said anything', async () => {
    using server = await serve()
    const socket = connect(server.port, '127.0.0.1')
    await new Promise(connected => socket.once('connect', connected))
    const ended = new Promise(resolve => socket.once('close', resolve))
    socket.on('error', () => {})
    await server.server.drain()
    server.server.close()
    await ended
  })

  it('tells the node when a client has gone', async () => {
    using server = await serve()
    server.node.gate = new Promise(() => {})
    const socket = connect(server.port, '127.0.0.1', () => socket.write('GET /key/foo HTTP/1.1\r\nHost: x\r\n\r\n'))
    await expect.poll(() => server.node.lastOptions).toBeDefined()
    expect(server.node.lastOptions?.signal?.aborted).toBe(false)
    socket.destroy()
    await expect.poll(() => server.node.lastOptions?.signal?.aborted).toBe(true)
  })
})
