import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress, probeAddress } from '../src/address.ts'

describe('addresses', () => {
  it.each([
    ['localhost:8180', '127.0.0.1:8180'],
    [':8180', '127.0.0.1:8180'],
    ['127.0.0.1:0', '127.0.0.1:0'],
    ['0.0.0.0:65535', '0.0.0.0:65535'],
    ['node-1.example:80', 'node-1.example:80'],
    ['[::1]:8180', '[::1]:8180'],
  ])('%s is %s', (text, expected) => {
    expect(formatAddress(parseAddress(text, 'http address'))).toBe(expected)
  })

  it.each(['', '8180', 'localhost', 'localhost:', 'localhost:x', 'localhost:65536', 'a:b:1', 'http://localhost:1', 'a b:1', '::1:80'])(
    'refuses %j',
    text => {
      const message = `raft address: "${text}" is not an address: give host:port, such as localhost:8180`
      expect(() => parseAddress(text, 'raft address')).toThrow(message)
    },
  )
})

describe('probing an address', () => {
  const host = '127.0.0.1'

  it('finds a free port, and leaves it free', async () => {
    const found = await probeAddress({ host, port: 0 }, 'raft address')
    expect(found.port).toBeGreaterThan(0)
    expect(await probeAddress(found, 'raft address')).toEqual(found)
  })

  it('says what to do about one in use', async () => {
    const server = createServer()
    await new Promise<void>(listening => server.listen(0, host, listening))
    const { port } = server.address() as AddressInfo
    const message = `raft address: 127.0.0.1:${port} is in use by another process: stop that, or choose another address`
    await expect(probeAddress({ host, port }, 'raft address')).rejects.toMatchObject({ code: 'ADDRESS_IN_USE', message })
    await new Promise(closed => server.close(closed))
  })

  it('says that a host is not of this machine', async () => {
    const probe = probeAddress({ host: '192.0.2.1', port: 8180 }, 'http address')
    await expect(probe).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE', message: expect.stringContaining('192.0.2.1:8180') })
  })
})
