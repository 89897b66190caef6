import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { Network } from '../../src/chaos/network.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Two nodes that answer every byte with the same byte, and a network between them. */
async function pair(): Promise<{ network: Network; dial(from: string, to: string): Socket }> {
  const servers = await Promise.all(['a', 'b'].map(echo))
  const ports = new Map(servers.map((server, at) => [at === 0 ? 'a' : 'b', portOf(server)]))
  const network = await Network.make(ports)
  cleanups.push(() => network.close())
  const dial = (from: string, to: string) => {
    const [host = '', port] = network.link(from, to).address.split(':')
    const socket = connect({ host, port: Number(port) })
    cleanups.push(() => socket.destroy())
    return socket
  }
  return { network, dial }
}

async function echo(): Promise<Server> {
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  assert(address !== null && typeof address === 'object')
  return address.port
}

test('whoever has no process refuses; once it has one, bytes pass both ways', async () => {
  const { network, dial } = await pair()
  const [refusal] = (await once(dial('a', 'b'), 'error')) as [NodeJS.ErrnoException]
  expect(refusal.code).toBe('ECONNREFUSED')
  await network.reachable('b', true)
  const socket = dial('a', 'b')
  socket.write('hello')
  expect(String((await once(socket, 'data'))[0])).toBe('hello')
})

test('a cut breaks what is connected and refuses what comes, until it is healed; the port stays the same', async () => {
  const { network, dial } = await pair()
  await network.reachable('b', true)
  const { address } = network.link('a', 'b')
  const socket = dial('a', 'b')
  await once(socket, 'connect')
  const broken = once(socket, 'close')
  await network.cut('a', 'b', true)
  await broken
  await once(dial('a', 'b'), 'error')
  await network.cut('a', 'b', false)
  expect(network.link('a', 'b').address).toBe(address)
  await once(dial('a', 'b'), 'connect')
})

test('a cut and a dead process are two reasons: healing one leaves the other', async () => {
  const { network, dial } = await pair()
  await network.cut('a', 'b', true)
  await network.reachable('b', true)
  await once(dial('a', 'b'), 'error')
  await network.cut('a', 'b', false)
  await once(dial('a', 'b'), 'connect')
})

test.each([
  ['there', 'a', 'b'],
  ['back', 'b', 'a'],
])('blocked one way (%s): nothing is lost, it arrives in order when the way is free again', async (_, from, to) => {
  const { network, dial } = await pair()
  await network.reachable('b', true)
  const socket = dial('a', 'b')
  await once(socket, 'connect')
  let received = ''
  socket.on('data', bytes => (received += String(bytes)))
  network.block(from, to, true)
  for (const part of ['1', '2', '3']) socket.write(part)
  await sleep(100)
  expect(received).toBe('')
  network.block(from, to, false)
  await expect.poll(() => received).toBe('123')
})

test('a slow link is late, and back to normal at once when it is healed', async () => {
  const { network, dial } = await pair()
  await network.reachable('b', true)
  network.delay('a', 'b', 150)
  const socket = dial('a', 'b')
  await once(socket, 'connect')
  const sent = performance.now()
  socket.write('x')
  await once(socket, 'data')
  expect(performance.now() - sent).toBeGreaterThan(140)
})

test('more than a window of bytes through a blocked link: the sender waits, everything arrives', async () => {
  const { network, dial } = await pair()
  await network.reachable('b', true)
  const socket = dial('a', 'b')
  await once(socket, 'connect')
  network.block('a', 'b', true)
  const size = 8 * 1024 * 1024
  let received = 0
  socket.on('data', (bytes: Buffer) => (received += bytes.length))
  socket.write(Buffer.alloc(size))
  await sleep(100)
  network.block('a', 'b', false)
  await expect.poll(() => received, { timeout: 5_000 }).toBe(size)
})
