import { describe, expect, test } from 'vitest'
import { RaftError } from '../../src/errors.ts'
import { PeerCertificates } from '../../src/index.ts'
import { encodeSnapshotHeader } from '../../src/transport/codec.ts'
import { encodeFrame, frameType } from '../../src/transport/frame.ts'
import { encodeGreeting } from '../../src/transport/handshake.ts'
import { packTuple } from '../../src/transport/tuple.ts'
import { authority, hasOpenssl } from './certificates.ts'
import {
  dialRaw,
  heartbeat,
  member,
  proxy,
  type Recorded,
  rawServer,
  rejection,
  sleep,
  snapshotMessage,
  snapshotMeta,
  until,
} from './support.ts'

const message = snapshotMessage('n1', 'n2')
const MiB = 1024 * 1024

describe('a snapshot', () => {
  test('of many megabytes waits for a slow reader, while messages pass', async () => {
    const [n1, n2] = await pair()
    let produced = 0
    let taken = 0
    let isReading = false
    n2.events.snapshot = async (_from, _message, _meta, data) => {
      for await (const chunk of data(0)) {
        while (!isReading) await sleep(5)
        taken += chunk.length
      }
    }
    const source = async function* () {
      for (let i = 0; i < 64; i++) {
        produced += MiB
        yield new Uint8Array(MiB).fill(i)
      }
    }
    const sending = n1.transport.sendSnapshot(message, snapshotMeta(64 * MiB), source)
    await sleep(300)
    // What lies between is bounded: the receiver's queue and the buffers of the kernel.
    expect(produced).toBeLessThan(32 * MiB)
    n1.transport.send(heartbeat('n1', 'n2'))
    await until(() => n2.messages.length === 1)
    isReading = true
    await sending
    expect(taken).toBe(64 * MiB)
  })

  test('whose source uses the memory of a chunk again arrives as it was', async () => {
    await expectLentMemoryArrives(await pair())
  })

  test.skipIf(!hasOpenssl)('whose source uses the memory of a chunk again arrives as it was over TLS, too', async () => {
    await expectLentMemoryArrives(await pair({ tls: new PeerCertificates(authority().sign('raft-peer')) }))
  })

  test('that breaks off fails on both sides, and the source is ended', async () => {
    const n1 = await member('n1')
    const n2 = await member('n2')
    const { address, cut } = await proxy(n2.address)
    n1.transport.setPeers(new Map([['n2', address]]))
    await until(() => n1.peers.length === 1)
    let ending: unknown
    let isSourceEnded = false
    n2.events.snapshot = async (_from, _message, _meta, data) => {
      ending = await rejection(
        (async () => {
          for await (const _ of data(0)) await sleep(1)
        })(),
      )
    }
    const source = async function* () {
      try {
        for (;;) yield new Uint8Array(MiB)
      } finally {
        isSourceEnded = true
      }
    }
    const sending = rejection(n1.transport.sendSnapshot(message, snapshotMeta(Number.MAX_SAFE_INTEGER), source))
    await sleep(50)
    cut()
    expect(await sending).toMatchObject({ code: 'CONNECTION_LOST' })
    await until(() => ending !== undefined && isSourceEnded)
    expect(ending).toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test('that the receiver does not need ends early, and well', async () => {
    const [n1, n2] = await pair()
    n2.events.snapshot = async (_from, _message, _meta, data) => {
      for await (const _ of data(0)) return
    }
    let isSourceEnded = false
    const source = async function* () {
      try {
        for (;;) yield new Uint8Array(MiB)
      } finally {
        isSourceEnded = true
      }
    }
    await n1.transport.sendSnapshot(message, snapshotMeta(MiB), source)
    await until(() => isSourceEnded)
  })

  test('whose size is not the announced one is not complete', async () => {
    const [n1, n2] = await pair()
    n2.events.snapshot = async (_from, _message, _meta, data) => {
      for await (const _ of data(0)) await sleep(0)
    }
    const source = async function* () {
      yield new Uint8Array(10)
    }
    expect(await rejection(n1.transport.sendSnapshot(message, snapshotMeta(11), source))).toMatchObject({ code: 'CORRUPT' })
    await n1.transport.sendSnapshot(message, snapshotMeta(10), source)
  })

  test.each([
    ['more than there is', [encodeFrame(frameType.rest, packTuple([11]))]],
    ['what is no number', [encodeFrame(frameType.rest, packTuple(['all']))]],
    ['twice', [encodeFrame(frameType.rest, packTuple([0])), encodeFrame(frameType.rest, packTuple([0]))]],
  ])('of which a peer asks for %s is given up', async (_what, frames) => {
    const hello = { clusterId: 'cluster', nodeId: 'n2', incarnation: 'i', last: { term: 0, index: 0 }, repairing: false, start: 's' }
    const greeting = (purpose: 'messages' | 'snapshot') => encodeFrame(frameType.hello, encodeGreeting({ hello, expects: 'n1', purpose }))
    let dialled = 0
    const { address } = await rawServer(socket => {
      const isFirst = ++dialled === 1
      socket.once('data', () => {
        socket.write(greeting(isFirst ? 'messages' : 'snapshot'))
        if (!isFirst) for (const frame of frames) socket.write(frame)
      })
    })
    const n1 = await member('n1')
    n1.transport.setPeers(new Map([['n2', address]]))
    await until(() => n1.peers.length === 1)
    const source = async function* () {
      yield new Uint8Array(1)
      await new Promise(() => {})
    }
    expect(await rejection(n1.transport.sendSnapshot(message, snapshotMeta(10), source))).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(n1.transport.counts.corrupt).toBe(1)
  })

  test('that waits for a slow disk is not taken for dead', async () => {
    const [n1, n2] = await pair({ pingMs: 20 })
    n2.events.snapshot = () => sleep(400)
    const source = async function* () {
      yield new Uint8Array(10)
    }
    await n1.transport.sendSnapshot(message, snapshotMeta(10), source)
  })

  test('is aborted when its peer is left out', async () => {
    const [n1, n2] = await pair()
    let begun = false
    n2.events.snapshot = async (_from, _message, _meta, data) => {
      begun = true
      for await (const _ of data(0)) await sleep(0)
    }
    const source = async function* () {
      yield new Uint8Array(10)
      await new Promise(() => {})
    }
    const sending = rejection(n1.transport.sendSnapshot(message, snapshotMeta(10), source))
    await until(() => begun)
    n1.transport.setPeers(new Map())
    expect(await sending).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(await rejection(n1.transport.sendSnapshot(message, snapshotMeta(10), source))).toMatchObject({ outcome: 'not-applied' })
  })

  test('to a peer that refuses is not sent', async () => {
    const [n1, n2] = await pair()
    n2.events.admit = () => 'removed'
    const source = async function* () {
      yield new Uint8Array(10)
    }
    expect(await rejection(n1.transport.sendSnapshot(message, snapshotMeta(10), source))).toBeInstanceOf(RaftError)
  })

  test.each([
    ['of garbage', [encodeFrame(frameType.snapshot, packTuple([1, 2]))]],
    ['with data before its header', [encodeFrame(frameType.chunk, new Uint8Array(5))]],
    ['from somebody else', [header('n3', 'n2')]],
    ['for somebody else', [header('n1', 'n3')]],
    ['announced twice', [header('n1', 'n2'), header('n1', 'n2')]],
    ['that is longer than announced', [header('n1', 'n2'), encodeFrame(frameType.chunk, new Uint8Array(6))]],
  ])('%s closes the connection', async (_what, frames) => {
    const n2 = await member('n2')
    n2.events.snapshot = async (_from, _message, _meta, data) => {
      for await (const _ of data(0)) await sleep(0)
    }
    const hello = { clusterId: 'cluster', nodeId: 'n1', incarnation: 'i', last: { term: 0, index: 0 }, repairing: false, start: 's' }
    const socket = dialRaw(n2.address)
    socket.write(encodeFrame(frameType.hello, encodeGreeting({ hello, expects: 'n2', purpose: 'snapshot' })))
    await new Promise(resolve => socket.once('data', resolve))
    for (const frame of frames) socket.write(frame)
    await new Promise(resolve => socket.on('close', resolve))
    const { corrupt, misaddressed } = n2.transport.counts
    expect(corrupt + misaddressed).toBe(1)
  })
})

async function pair(options = {}): Promise<[Recorded, Recorded]> {
  const n1 = await member('n1', options)
  const n2 = await member('n2', options)
  n1.transport.setPeers(new Map([['n2', n2.address]]))
  await until(() => n1.peers.length === 1)
  return [n1, n2]
}

/** With a reader so slow that chunks wait in every queue on their way. */
async function expectLentMemoryArrives([n1, n2]: [Recorded, Recorded]): Promise<void> {
  const wrong: number[] = []
  let taken = 0
  n2.events.snapshot = async (_from, _message, _meta, data) => {
    for await (const chunk of data(0)) {
      const { length } = chunk
      for (let at = 0; at < length; at += 4_096) if (chunk[at] !== Math.floor((taken + at) / MiB)) wrong.push(taken + at)
      taken += length
      if (taken % MiB === 0) await sleep(20)
    }
  }
  const source = async function* () {
    const memory = new Uint8Array(MiB / 4)
    for (let i = 0; i < 4 * 32; i++) yield memory.fill(Math.floor(i / 4))
  }
  await n1.transport.sendSnapshot(message, snapshotMeta(32 * MiB), source)
  expect({ taken, wrong }).toEqual({ taken: 32 * MiB, wrong: [] })
}

function header(from: string, to: string): Buffer {
  const announcement = snapshotMessage(from, to)
  if (announcement.type !== 'installSnapshot') throw new Error('not the announcement')
  return encodeFrame(frameType.snapshot, encodeSnapshotHeader(announcement, snapshotMeta(5)))
}
