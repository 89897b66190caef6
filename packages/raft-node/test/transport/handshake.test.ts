import { describe, expect, test } from 'vitest'
import type { HandshakeRefusal, Hello } from '../../src/ports.ts'
import { encodeFrame, FrameDecoder, frameType } from '../../src/transport/frame.ts'
import { decodeRefusal, encodeGreeting, encodeRefusal, judgeGreeting, protocolVersion } from '../../src/transport/handshake.ts'
import { packTuple } from '../../src/transport/tuple.ts'
import { dialRaw, exchange, heartbeat, member, rawServer, sleep, until } from './support.ts'

const hello: Hello = {
  clusterId: 'cluster',
  nodeId: 'n2',
  incarnation: 'life of n2',
  last: { term: 1, index: 2 },
  repairing: false,
  start: 's',
}

describe('a handshake', () => {
  test.each<[HandshakeRefusal | undefined, Partial<Hello>, string]>([
    [undefined, {}, 'n1'],
    ['other-cluster', { clusterId: 'another' }, 'n1'],
    ['other-node', {}, 'n3'],
    ['old-folder', { last: { term: 0, index: 0 } }, 'n1'],
  ])('ends with %s', (reason, theirs, expects) => {
    const own = { ...hello, nodeId: 'n1' }
    const admit = ({ last }: Hello) => (last.index === 0 ? 'old-folder' : undefined)
    expect(judgeGreeting(own, { hello: { ...hello, ...theirs }, expects, purpose: 'messages' }, admit)).toBe(reason)
  })

  test('is refused with the reason before the connection closes', async () => {
    const n1 = await member('n1')
    const opening = encodeGreeting({ hello: { ...hello, clusterId: 'another' }, expects: 'n1', purpose: 'messages' })
    const { received } = await exchange(n1.address, encodeFrame(frameType.hello, opening))
    expect(refusalIn(received)).toMatchObject({ reason: 'other-cluster', theirs: { nodeId: 'n1', clusterId: 'cluster' } })
    expect(n1.mismatches).toMatchObject([{ theirs: { nodeId: 'n2', clusterId: 'another' }, reason: 'other-cluster', direction: 'in' }])
  })

  test('with another version of the messages or of the frames is refused as such', async () => {
    const n1 = await member('n1')
    const opening = await exchange(n1.address, encodeFrame(frameType.hello, packTuple([protocolVersion + 1, 'whatever comes then'])))
    expect(refusalIn(opening.received)).toMatchObject({ reason: 'other-version' })
    const frame = encodeFrame(frameType.hello, packTuple([protocolVersion + 1]))
    frame[3] = 9
    expect(refusalIn((await exchange(n1.address, frame)).received)).toMatchObject({ reason: 'other-version' })
    expect(n1.transport.counts).toMatchObject({ refusals: 2, strangers: 0 })
  })

  test('that reaches another node than expected fails on both sides', async () => {
    const n1 = await member('n1')
    const n3 = await member('n3')
    n1.transport.setPeers(new Map([['n2', n3.address]]))
    await until(() => n1.mismatches.length > 0 && n3.mismatches.length > 0)
    expect(n1.mismatches).toMatchObject([{ theirs: { nodeId: 'n3' }, reason: 'other-node', direction: 'out', remote: n3.address }])
    expect(n3.mismatches).toMatchObject([{ theirs: { nodeId: 'n1' }, reason: 'other-node', direction: 'in' }])
    expect(n1.peers).toEqual(['n2 lost'])
  })

  test('can be refused by the dialler, and the other side learns why', async () => {
    const n1 = await member('n1')
    const n2 = await member('n2')
    n1.events.admit = () => 'wiped-member'
    n1.transport.setPeers(new Map([['n2', n2.address]]))
    await until(() => n1.mismatches.length > 0 && n2.mismatches.length > 0)
    expect(n1.mismatches).toMatchObject([{ theirs: { nodeId: 'n2' }, reason: 'wiped-member', direction: 'out' }])
    expect(n2.mismatches).toMatchObject([{ theirs: { nodeId: 'n1' }, reason: 'wiped-member', direction: 'in' }])
  })

  test('that goes on failing is reported once', async () => {
    const n1 = await member('n1')
    const n2 = await member('n2')
    n2.events.admit = () => 'not-a-member'
    n1.transport.setPeers(new Map([['n2', n2.address]]))
    await until(() => n1.transport.counts.refusals >= 4)
    expect(n1.mismatches).toHaveLength(1)
    expect(n2.mismatches).toHaveLength(1)
  })

  test('answered by HTTP, garbage or a later refusal never throws', async () => {
    const n1 = await member('n1', { handshakeTimeoutMs: 100 })
    const http = await rawServer(socket => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    const garbage = await rawServer(socket => socket.end(encodeFrame(frameType.hello, packTuple(['?']))))
    const silent = await rawServer(() => {})
    const later = await rawServer(socket => {
      const theirs = { ...hello, nodeId: 'n5' }
      socket.write(encodeFrame(frameType.hello, encodeGreeting({ hello: theirs, expects: 'n1', purpose: 'messages' })))
      socket.end(encodeFrame(frameType.refusal, encodeRefusal('removed', theirs)))
    })
    const peers = { n2: http, n3: garbage, n4: silent, n5: later }
    n1.transport.setPeers(new Map(Object.entries(peers).map(([id, { address }]) => [id, address])))
    await until(() => ['n2 lost', 'n3 lost', 'n4 lost', 'n5 lost'].every(event => n1.peers.includes(event)))
    const reasons = n1.mismatches.map(({ theirs, reason }) => `${theirs?.nodeId} ${reason}`)
    expect(reasons.sort()).toEqual(['n5 removed', 'undefined other-version', 'undefined other-version'])
  })

  test('of a peer replaces its older connection', async () => {
    const n1 = await member('n1')
    const greeting = encodeFrame(frameType.hello, encodeGreeting({ hello, expects: 'n1', purpose: 'messages' }))
    const first = dialRaw(n1.address)
    first.write(greeting)
    await new Promise(resolve => first.once('data', resolve))
    const second = dialRaw(n1.address)
    second.write(greeting)
    await new Promise(resolve => first.on('close', resolve))
    await sleep(20)
    expect(second.readyState).toBe('open')
  })

  test('passes, and then a frame that is no message closes the connection', async () => {
    const n1 = await member('n1')
    const greeting = encodeFrame(frameType.hello, encodeGreeting({ hello, expects: 'n1', purpose: 'messages' }))
    for (const bytes of [encodeFrame(frameType.message, packTuple([99])), encodeFrame(frameType.rest, packTuple([0])), Buffer.from('x')]) {
      const socket = dialRaw(n1.address)
      socket.write(greeting)
      await new Promise(resolve => socket.once('data', resolve))
      socket.write(bytes)
      await new Promise(resolve => socket.on('close', resolve))
    }
    expect(n1.transport.counts.corrupt).toBe(3)
    expect(n1.messages).toEqual([])
  })

  test('names what each message must keep to', async () => {
    const n1 = await member('n1')
    const n2 = await member('n2')
    n2.transport.setPeers(new Map([['n1', n1.address]]))
    n2.transport.send(heartbeat('n3', 'n1'))
    await until(() => n1.transport.counts.misaddressed === 1)
    expect(n1.messages).toEqual([])
  })
})

function refusalIn(received: Buffer) {
  const decoder = new FrameDecoder(64 * 1024)
  decoder.push(received)
  const frame = decoder.next()
  if (frame === undefined || 'fault' in frame) throw new Error('no frame')
  return decodeRefusal(frame.payload)
}
