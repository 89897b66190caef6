import { randomBytes } from 'node:crypto'
import { connect as connectTls } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { encodeFrame } from '../../src/transport/frame.ts'
import { dialRaw, exchange, heartbeat, member, sleep, until } from './support.ts'

describe('whoever does not speak the protocol', () => {
  test('with HTTP is told so in HTTP', async () => {
    const n1 = await member('n1')
    const response = await fetch(`http://${n1.address}/v1/status`)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('This is the Raft port')
    const { received, ms } = await exchange(n1.address, `POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`)
    expect(received.toString()).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/)
    expect(ms).toBeLessThan(2_000)
    expect(n1.transport.counts.strangers).toBe(2)
  })

  test('is closed at once without an answer, and told of once a minute', async () => {
    const n1 = await member('n1')
    for (let i = 0; i < 10; i++) {
      const { received, ms } = await exchange(n1.address, randomBytes(1_000))
      expect(received).toHaveLength(0)
      expect(ms).toBeLessThan(1_000)
    }
    expect(n1.transport.counts.strangers).toBe(10)
    expect(n1.mismatches).toMatchObject([{ theirs: undefined, reason: 'other-version', direction: 'in' }])
  })

  test('with TLS is closed at once', async () => {
    const n1 = await member('n1')
    const [host, port] = n1.address.split(':')
    const socket = connectTls({ host: host as string, port: Number(port) })
    const error = await new Promise<Error>(resolve => socket.on('error', resolve))
    expect(error).toMatchObject({ code: 'ECONNRESET' })
    expect(n1.transport.counts.strangers).toBe(1)
  })

  test('and says nothing is closed after the handshake timeout', async () => {
    const n1 = await member('n1', { handshakeTimeoutMs: 60 })
    const { ms } = await exchange(n1.address, '')
    expect(ms).toBeGreaterThanOrEqual(50)
    const slow = await exchange(n1.address, encodeFrame(1, new Uint8Array(100)).subarray(0, 20))
    expect(slow.ms).toBeLessThan(1_000)
    expect(n1.transport.counts.strangers).toBe(2)
    expect(n1.mismatches).toEqual([])
  })

  test('cannot announce more than 64 KiB before the handshake', async () => {
    const n1 = await member('n1')
    const { ms } = await exchange(n1.address, encodeFrame(1, new Uint8Array(64 * 1024 + 1)))
    expect(ms).toBeLessThan(1_000)
    expect(n1.transport.counts.strangers).toBe(1)
  })

  test('cannot send messages without a handshake', async () => {
    const n1 = await member('n1')
    await exchange(n1.address, encodeFrame(4, randomBytes(10)))
    await exchange(n1.address, encodeFrame(1, randomBytes(10)))
    expect(n1.transport.counts.strangers).toBe(2)
    expect(n1.messages).toEqual([])
  })

  test('cannot keep members out by holding connections', async () => {
    const n1 = await member('n1', { maxConnections: 80 })
    const sockets = Array.from({ length: 200 }, () => dialRaw(n1.address))
    await until(() => sockets.filter(socket => socket.readyState === 'closed').length >= 130)
    const n2 = await member('n2')
    n2.transport.setPeers(new Map([['n1', n1.address]]))
    n2.transport.send(heartbeat('n2', 'n1'))
    await until(() => n1.messages.length === 1)
    await sleep(0)
  })
})
