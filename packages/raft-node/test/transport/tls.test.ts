import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PeerCertificates, type PeerTls } from '../../src/index.ts'
import { TcpTransport } from '../../src/transport/tcp.ts'
import { authority, hasOpenssl } from './certificates.ts'
import { clock, dialRaw, exchange, heartbeat, member, rawServer, until } from './support.ts'

describe.skipIf(!hasOpenssl)('members with certificates', () => {
  test('talk over TLS', async () => {
    const { sign } = authority()
    const [n1, n2] = [await secured('n1', sign('raft-peer')), await secured('n2', sign('raft-peer'))]
    meet(n1, n2)
    await until(() => n1.peers.includes('n2 connected') && n2.peers.includes('n1 connected'))
    n1.transport.send(heartbeat('n1', 'n2', 7))
    await until(() => n2.messages.length > 0)
    expect(n2.messages).toEqual([heartbeat('n1', 'n2', 7)])
    expect(await n2.transport.request('n1', new Uint8Array([1, 2]), { timeoutMs: 1_000 })).toEqual(new Uint8Array([1, 2]))
  })

  test('learn from a refused connection that a process is gone, as without', async () => {
    const { sign } = authority()
    const n1 = await secured('n1', sign('raft-peer'))
    const { server, address } = await rawServer(() => {})
    await new Promise(resolve => server.close(resolve))
    n1.transport.setPeers(new Map([['n2', address]]))
    await until(() => n1.peers.length > 0)
    expect(n1.peers).toEqual(['n2 refused'])
  })

  test('turn a client away whose certificate the same authority has signed', async () => {
    const { sign } = authority()
    const n1 = await secured('n1', sign('raft-peer'))
    const client = tls(n1.address, sign('app.example'))
    await until(() => client.destroyed)
    expect(client.bytesRead).toBe(0)
    await until(() => n1.mismatches.length > 0)
    expect(n1.mismatches).toMatchObject([{ theirs: undefined, reason: 'not-a-peer', direction: 'in' }])
  })

  test('turn everybody away without a certificate, with one of another authority, or without TLS', async () => {
    const { sign } = authority()
    const n1 = await secured('n1', sign('raft-peer'))
    const { ca } = sign('raft-peer')
    const without = tls(n1.address, { ca })
    const foreign = tls(n1.address, { ...authority().sign('raft-peer'), ca })
    await until(() => without.destroyed && foreign.destroyed)
    await exchange(n1.address, 'GET / HTTP/1.1\r\n\r\n')
    expect([without.bytesRead, foreign.bytesRead]).toEqual([0, 0])
    expect(n1.transport.counts.strangers).toBe(3)
  })

  test('do not talk to a node that has only the certificate of a client, and say why', async () => {
    const { sign } = authority()
    const n1 = await secured('n1', sign('raft-peer'))
    const impostor = await secured('n2', { ...sign('app.example'), name: 'app.example' })
    n1.transport.setPeers(new Map([['n2', impostor.address]]))
    await until(() => n1.mismatches.length > 0)
    expect(n1.mismatches).toMatchObject([{ theirs: undefined, reason: 'not-a-peer', direction: 'out', remote: impostor.address }])
    expect(n1.peers).not.toContain('n2 connected')
  })

  test('use renewed certificates for what they dial and accept from then on', async () => {
    const [before, after] = [authority(), authority()]
    const certificates = [before.sign('raft-peer'), before.sign('raft-peer')].map(each => new PeerCertificates(each))
    const [n1, n2] = [await member('n1', { tls: certificates[0] }), await member('n2', { tls: certificates[1] })]
    meet(n1, n2)
    await until(() => n1.peers.includes('n2 connected') && n2.peers.includes('n1 connected'))

    for (const each of certificates) each.renew(after.sign('raft-peer'))
    n1.transport.send(heartbeat('n1', 'n2', 1))
    await until(() => n2.messages.length === 1) // what stands goes on
    const late = await secured('n1', after.sign('raft-peer'))
    late.transport.setPeers(new Map([['n2', n2.address]]))
    await until(() => late.peers.includes('n2 connected'))
    const old = await secured('n1', before.sign('raft-peer'))
    old.transport.setPeers(new Map([['n2', n2.address]]))
    await until(() => old.mismatches.length > 0)
    expect(old.peers).not.toContain('n2 connected')
  })

  test('cannot be kept out by strangers who connect and say nothing', async () => {
    const { sign } = authority()
    const [n1, n2] = [await secured('n1', sign('raft-peer')), await secured('n2', sign('raft-peer'))]
    const silent = Array.from({ length: 80 }, () => dialRaw(n1.address))
    await until(() => silent.filter(socket => socket.destroyed).length >= 16)
    meet(n1, n2)
    await until(() => n2.peers.includes('n1 connected'))
  })

  test('close at once, also while strangers are connected who say nothing', async () => {
    const { sign } = authority()
    const n1 = await secured('n1', sign('raft-peer'))
    const stranger = await dialRaw(n1.address)
    await new Promise(resolve => setTimeout(resolve, 20))
    const began = performance.now()
    await n1.transport.close()
    expect(performance.now() - began).toBeLessThan(1_000)
    stranger.destroy()
  })

  test('that are not those of a peer, or do not belong together, are refused with what to do', () => {
    const { sign } = authority()
    const peer = sign('raft-peer')
    expect(() => new PeerCertificates(sign('app.example'))).toThrow('subjectAltName=DNS:raft-peer')
    expect(() => new PeerCertificates({ ...peer, key: sign('raft-peer').key })).toThrow('belong to each other')
    expect(() => new PeerCertificates({ ...peer, cert: 'no certificate' })).toThrow('belong to each other')
    expect(() => new PeerCertificates({ ...peer, name: 'two words' })).toThrow('no DNS name')
    const certificates = new PeerCertificates(peer)
    expect(() => certificates.renew(sign('app.example'))).toThrow('subjectAltName=DNS:raft-peer')
    expect(certificates.context()).toMatchObject(peer)
    expect(certificates.expiresAt - Date.now()).toBeGreaterThan(23 * 3_600_000)
  })
})

describe('without certificates', () => {
  test('a node listens only where nobody else can reach it, unless it is told that the network is safe', () => {
    for (const listen of ['0.0.0.0:7001', '[::]:7001', '192.0.2.1:7001', 'node.example:7001'])
      expect(() => new TcpTransport({ listen, clock })).toThrow('give certificates (tls), or say insecure')
    for (const listen of [':7001', 'localhost:7001', '127.0.0.1:7001', '[::1]:7001']) new TcpTransport({ listen, clock })
    new TcpTransport({ listen: '0.0.0.0:7001', clock, insecure: true })
  })
})

const secured = (id: string, tls: PeerTls) => member(id, { tls: new PeerCertificates(tls) })

type Met = Awaited<ReturnType<typeof member>>
function meet(n1: Met, n2: Met): void {
  n1.transport.setPeers(new Map([['n2', n2.address]]))
  n2.transport.setPeers(new Map([['n1', n1.address]]))
}

/** Somebody who speaks TLS and trusts whom it dials. */
function tls(address: string, options: Partial<PeerTls>): TLSSocket {
  const [host, port] = address.split(':')
  const socket = connect({ host, port: Number(port), ...options, checkServerIdentity: () => undefined })
  onTestFinished(() => void socket.destroy())
  return socket.on('error', () => {})
}
