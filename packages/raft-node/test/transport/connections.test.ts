import { describe, expect, test } from 'vitest'
import { RaftError } from '../../src/errors.ts'
import type { Clock } from '../../src/ports.ts'
import { Reconnect } from '../../src/transport/reconnect.ts'
import { append, clock, heartbeat, member, proxy, rawServer, rejection, sleep, tcp, until } from './support.ts'

describe('the connection to a peer', () => {
  test('is refused while nobody listens, and stands soon after somebody does', async () => {
    const n1 = await member('n1')
    const first = await member('n2')
    n1.transport.setPeers(new Map([['n2', first.address]]))
    await until(() => n1.peers.length === 1)
    await first.transport.close()
    await until(() => n1.peers.length === 3)
    const second = await member('n2', { listen: first.address })
    await until(() => n1.peers.length === 4)
    expect(n1.peers).toEqual(['n2 connected', 'n2 lost', 'n2 refused', 'n2 connected'])
    n1.transport.send(heartbeat('n1', 'n2'))
    await until(() => second.messages.length === 1)
  })

  test('carries what is said in one turn in its order, short or long', async () => {
    const [n1, n2] = [await member('n1'), await member('n2')]
    n1.transport.setPeers(new Map([['n2', n2.address]]))
    await until(() => n1.peers.length === 1)
    const sizes = [1, 10, 100_000, 10, 40_000, 40_000, 1]
    const appends = sizes.map((size, place) => append('n1', 'n2', { index: place + 1, data: new Uint8Array(size).fill(place) }))
    for (const message of appends.slice(0, 2)) n1.transport.send(message)
    await until(() => n2.messages.length === 2)
    for (const message of appends.slice(2)) n1.transport.send(message)
    await until(() => n2.messages.length === sizes.length)
    expect(n2.messages).toEqual(appends)
  })

  test('is dialled at once when the peer calls, whatever is left of the backoff', async () => {
    const real = clock
    // Whoever waits for longer than an instant waits for ever: the first retry comes at once, every later one would not.
    const patient: Clock = { ...real, after: (ms, run) => (ms > 0 && ms < 5_000 ? { cancel: () => {} } : real.after(ms, run)) }
    const first = await member('n2')
    await first.transport.close()
    const n1 = await member('n1', { clock: patient })
    n1.transport.setPeers(new Map([['n2', first.address]]))
    await until(() => n1.peers.length === 1)
    await sleep(50)
    const n2 = await member('n2', { listen: first.address })
    n2.transport.setPeers(new Map([['n1', n1.address]]))
    await until(() => n1.peers.length === 2)
    expect(n1.peers).toEqual(['n2 refused', 'n2 connected'])
  })

  test('is dialled again at once when it breaks', async () => {
    const n1 = await member('n1')
    const n2 = await member('n2')
    const { address, cut } = await proxy(n2.address)
    n1.transport.setPeers(new Map([['n2', address]]))
    await until(() => n1.peers.length === 1)
    const began = performance.now()
    cut()
    await until(() => n1.peers.length === 3)
    expect(performance.now() - began).toBeLessThan(50)
    expect(n1.peers).toEqual(['n2 connected', 'n2 lost', 'n2 connected'])
  })

  test('that is half open is found by both sides', async () => {
    const n1 = await member('n1', { pingMs: 20, handshakeTimeoutMs: 100 })
    const n2 = await member('n2', { pingMs: 20 })
    const { address, swallow } = await proxy(n2.address)
    n1.transport.setPeers(new Map([['n2', address]]))
    await until(() => n1.peers.length === 1)
    await sleep(200)
    expect(n1.peers).toEqual(['n2 connected'])
    const lost = rejection(n1.transport.request('n2', Uint8Array.of(1), { timeoutMs: 5_000 }))
    swallow()
    await until(() => n1.peers.length === 2)
    expect(n1.peers[1]).toBe('n2 lost')
    await lost
  })

  test('carries what was sent while it was made', async () => {
    const n1 = await member('n1')
    const n2 = await member('n2')
    n1.transport.setPeers(new Map([['n2', n2.address]]))
    for (let i = 0; i < 100; i++) n1.transport.send(heartbeat('n1', 'n2', i))
    await until(() => n2.messages.length === 100)
    expect(n2.messages.map(message => message.type === 'heartbeat' && message.readToken)).toEqual([...Array(100).keys()])
  })

  test('moves when the address changes', async () => {
    const n1 = await member('n1')
    const old = await member('n2')
    const moved = await member('n2')
    n1.transport.setPeers(new Map([['n2', old.address]]))
    await until(() => n1.peers.length === 1)
    n1.transport.setPeers(new Map([['n2', moved.address]]))
    n1.transport.send(heartbeat('n1', 'n2'))
    await until(() => moved.messages.length === 1)
    expect(old.messages).toEqual([])
  })

  test('drops what a peer that does not read leaves in the queue, and refuses requests', async () => {
    const n1 = await member('n1', { maxQueueBytes: 1024 * 1024, pingMs: 10_000 })
    const n2 = await member('n2')
    const { address, swallow } = await stuckProxy(n2.address)
    n1.transport.setPeers(new Map([['n2', address]]))
    await until(() => n1.peers.length === 1)
    swallow()
    const data = new Uint8Array(200_000)
    const entries = [{ type: 'command', term: 1, index: 1, data }] as const
    const append = {
      type: 'appendEntries',
      from: 'n1',
      to: 'n2',
      term: 1,
      session: 0,
      after: { term: 0, index: 0 },
      entries,
      commit: 0,
    } as const
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 2_000; i++) {
      n1.transport.send(append)
      if (i % 20 === 0) await sleep(0)
    }
    expect(n1.transport.counts.overflowed).toBeGreaterThan(1_000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024)
    expect(await rejection(n1.transport.request('n2', data, { timeoutMs: 1_000 }))).toMatchObject({
      code: 'OVERLOADED',
      outcome: 'not-applied',
    })
  })

  test('is closed when nothing moves on it for too long', async () => {
    const n1 = await member('n1', { pingMs: 20, handshakeTimeoutMs: 100 })
    const n2 = await member('n2')
    const { address, swallow } = await stuckProxy(n2.address)
    n1.transport.setPeers(new Map([['n2', address]]))
    await until(() => n1.peers.length === 1)
    swallow()
    const outcome = rejection(n1.transport.request('n2', new Uint8Array(7_000_000), { timeoutMs: 10_000 }))
    expect(await outcome).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
  })

  test('to an address that is none is lost, not thrown', async () => {
    const n1 = await member('n1')
    n1.transport.setPeers(
      new Map([
        ['n2', 'nonsense'],
        ['n3', '127.0.0.1:99999'],
        ['n1', n1.address],
      ]),
    )
    await until(() => n1.peers.length === 2)
    expect(n1.peers.sort()).toEqual(['n2 lost', 'n3 lost'])
  })
})

describe('requests', () => {
  test('that are too long are refused before they are sent; answers that are too long are reported', async () => {
    const n1 = await member('n1', { maxFrameBytes: 1_000 })
    const n2 = await member('n2', { maxFrameBytes: 1_000 })
    n2.events.request = async () => new Uint8Array(2_000)
    n1.transport.setPeers(new Map([['n2', n2.address]]))
    await until(() => n1.peers.length === 1)
    const tooLong = await rejection(n1.transport.request('n2', new Uint8Array(2_000), { timeoutMs: 1_000 }))
    expect(tooLong).toMatchObject({ code: 'INVALID_ARGUMENT', outcome: 'not-applied' })
    expect(await rejection(n1.transport.request('n2', new Uint8Array(1), { timeoutMs: 1_000 }))).toMatchObject({ outcome: 'unknown' })
  })

  test('that are lost on the way have an unknown outcome and are not repeated on the next connection', async () => {
    const n1 = await member('n1')
    const n2 = await member('n2')
    const asked: number[] = []
    n2.events.request = async (_from, body) => {
      asked.push(body[0] as number)
      return asked.length === 1 ? new Promise(() => {}) : body
    }
    const { address, cut } = await proxy(n2.address)
    n1.transport.setPeers(new Map([['n2', address]]))
    await until(() => n1.peers.length === 1)
    const lost = rejection(n1.transport.request('n2', Uint8Array.of(1), { timeoutMs: 5_000 }))
    await until(() => asked.length === 1)
    cut()
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
    await until(() => n1.peers.length === 3)
    expect([...(await n1.transport.request('n2', Uint8Array.of(2), { timeoutMs: 5_000 }))]).toEqual([2])
    expect(asked).toEqual([1, 2])
  })
})

describe('listening', () => {
  test('on an address in use says what to do', async () => {
    const n1 = await member('n1')
    const error = await rejection(member('n2', { listen: n1.address }))
    expect(error).toMatchObject({ code: 'ADDRESS_IN_USE', outcome: 'not-applied' })
    expect((error as Error).message).toContain('choose another address')
  })

  test.each(['192.0.2.1:0', 'no-such-host.invalid:0', 'nonsense', '127.0.0.1:99999'])('on %s is refused', async listen => {
    expect(await rejection(member('n1', { listen, insecure: true }))).toMatchObject({ code: 'ADDRESS_UNAVAILABLE' })
  })

  test.each(['localhost:0', ':0'])('on %s means 127.0.0.1', async listen => {
    expect((await member('n1', { listen })).address).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  test('can be closed before it began and while it begins', async () => {
    await tcp().close()
    const transport = tcp()
    const starting = rejection(transport.start({ hello: () => ({ nodeId: 'n1' }) } as never))
    await transport.close()
    expect(await starting).toBeInstanceOf(RaftError)
    const looksUp = tcp({ listen: 'no-such-host.invalid:0', insecure: true })
    const failing = rejection(looksUp.start({ hello: () => ({ nodeId: 'n1' }) } as never))
    await looksUp.close()
    expect(await failing).toBeInstanceOf(RaftError)
  })

  test('ends at close, with nothing left that keeps the process alive', async () => {
    const resources = () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap' || name === 'TCPServerWrap')
    const before = resources().length
    const n1 = await member('n1')
    const n2 = await member('n2')
    const nobody = await rawServer(socket => void socket.resume())
    n1.transport.setPeers(
      new Map([
        ['n2', n2.address],
        ['n3', nobody.address],
        ['n4', '127.0.0.1:1'],
      ]),
    )
    n2.transport.setPeers(new Map([['n1', n1.address]]))
    await until(() => n1.peers.length >= 2)
    const began = performance.now()
    await n1.transport.close()
    await n2.transport.close()
    expect(performance.now() - began).toBeLessThan(200)
    nobody.server.close()
    await until(() => resources().length <= before)
  })
})

describe('reconnecting', () => {
  test('is immediate once, then waits from 50 ms to 2 s, with jitter', () => {
    let now = 0
    let random = 0
    const reconnect = new Reconnect({ ...clock, now: () => now, random: () => random } as Clock)
    const delays = (count: number) => Array.from({ length: count }, () => reconnect.failed())
    expect(delays(9)).toEqual([0, 25, 50, 100, 200, 400, 800, 1_000, 1_000])
    random = 0.999_999
    expect(Math.round(reconnect.failed())).toBe(2_000)
    reconnect.connected()
    now = 10
    expect(reconnect.failed()).toBeGreaterThan(1_000) // it broke at once: not a good connection
    reconnect.connected()
    now = 2_000
    expect(reconnect.failed()).toBe(0)
  })
})

/** Passes bytes on until told to stop reading, as a process that stands still would. */
async function stuckProxy(target: string): Promise<{ address: string; swallow: () => void }> {
  const { connect } = await import('node:net')
  const sockets: Array<{ pause(): void }> = []
  const [host, port] = target.split(':')
  const { address } = await rawServer(near => {
    const far = connect({ host: host as string, port: Number(port) })
    far.on('error', () => {})
    near.on('data', chunk => far.write(chunk))
    far.on('data', chunk => near.write(chunk))
    near.on('close', () => far.destroy())
    sockets.push(near, far)
  })
  return {
    address,
    swallow: () => {
      for (const socket of sockets) socket.pause()
    },
  }
}
