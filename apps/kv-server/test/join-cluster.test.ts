import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { joinVia } from '../src/join-cluster.ts'

const request = { id: 'n4', address: '127.0.0.1:8486', clientAddress: '127.0.0.1:8480', incarnation: 'b', replace: false }
const welcome = { clusterId: 'c1', id: 'n4', members: [] }

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

async function listening(server: Server): Promise<string> {
  open.push(server)
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return `localhost:${(server.address() as AddressInfo).port}`
}

const answering = (listener: RequestListener) =>
  listening(
    createServer((asked, response) => {
      response.setHeader('Connection', 'close')
      listener(asked, response)
    }),
  )
const saying = (status: number, body: unknown) => answering((_, response) => response.writeHead(status).end(JSON.stringify(body)))
const refusing = (status: number, code: string) => saying(status, { error: { code, message: `because ${code}` } })

async function nobody(): Promise<string> {
  const address = await saying(200, welcome)
  await new Promise(closed => open.pop()?.close(closed))
  return address
}

describe('joinVia', () => {
  it('asks one address after the other, and resolves with the id to use', async () => {
    const asked: unknown[] = []
    const member = await answering(async (from, response) => {
      let body = ''
      for await (const chunk of from) body += chunk
      asked.push([from.method, from.url, JSON.parse(body)])
      response.end(JSON.stringify(welcome))
    })
    const answer = await joinVia([await nobody(), await refusing(409, 'OTHER_CLUSTER'), member])(request)
    expect(answer).toEqual({ clusterId: 'c1', nodeId: 'n4', members: [] })
    const body = { id: 'n4', addr: '127.0.0.1:8486', http: '127.0.0.1:8480', incarnation: 'b', replace: false }
    expect(asked).toEqual([['POST', '/join', body]])
  })

  it('asks again while there is no leader', async () => {
    let times = 0
    const member = await answering((_, response) => {
      if (++times < 3) response.writeHead(503).end('{"error":{"code":"NO_LEADER","message":"soon"}}')
      else response.end(JSON.stringify(welcome))
    })
    expect(await joinVia([member])(request)).toMatchObject({ nodeId: 'n4' })
  })

  it('says that nobody listens', async () => {
    const address = (await nobody()).replace('localhost', '127.0.0.1')
    const message = `nobody listens at ${address}: start that node first, or give --join the HTTP address of another member`
    await expect(joinVia([address])(request)).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE', message })
  })

  it.each([
    ['a web page', () => answering((_, response) => response.end('<html>')), 'it answered 200'],
    ['a redirect', () => answering((_, response) => response.writeHead(302, { Location: '/' }).end()), 'it answered 302'],
    ['other JSON', () => saying(200, { hello: 'world' }), 'it answered 200'],
    ['null', () => saying(404, null), 'it answered 404'],
    [
      'bytes that are not HTTP',
      () => listening(createTcpServer(socket => socket.on('error', () => {}).end('\x16\x03'))),
      'does not speak HTTP',
    ],
    ['a closed connection', () => listening(createTcpServer(socket => socket.destroy())), 'does not speak HTTP'],
  ])('says that this is not a node: %s', async (_, start, why) => {
    const join = joinVia([await start()])(request)
    await expect(join).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('is not a node of a cluster') })
    await expect(join).rejects.toThrow(why)
  })

  it('passes on what the cluster says to a wiped member, and asks nobody else', async () => {
    let others = 0
    const other = await answering((_, response) => {
      others++
      response.end(JSON.stringify(welcome))
    })
    const join = joinVia([await refusing(409, 'WIPED_MEMBER'), other])(request)
    await expect(join).rejects.toMatchObject({ name: 'RaftError', code: 'WIPED_MEMBER', message: 'because WIPED_MEMBER' })
    expect(others).toBe(0)
  })

  it('tells of every address when none helped', async () => {
    const join = joinVia([await nobody(), await saying(200, {})])(request)
    await expect(join).rejects.toThrow(/none of the join addresses helped: nobody listens at .*; .* is not a node/)
  })

  it.each(['8180', 'localhost', 'localhost:99999', 'http://localhost:8180', ''])('refuses the address %j at once', address => {
    expect(() => joinVia([address])).toThrow('is not an address: give host:port')
  })
})
