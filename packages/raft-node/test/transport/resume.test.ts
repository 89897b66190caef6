import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import type { Message, Raft } from 'raft-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Clock, SnapshotHead, SnapshotMeta, SnapshotStore } from '../../src/ports.ts'
import { SnapshotReceiver } from '../../src/snapshot-transfer.ts'
import { VirtualClock } from '../node/virtual-clock.ts'
import { RealFolder } from '../storage/worlds.ts'
import { clock, member, proxy, type Recorded, rejection, snapshotMessage, snapshotMeta, until } from './support.ts'

const KiB = 1024
const size = 3_000 * KiB + 7

describe('a snapshot whose transfer breaks', () => {
  test('goes on where it broke off, over another connection', async () => {
    const { n1, n2, link } = await cluster()
    const { meta, bytes } = await snapshotIn(n1.store, 5)
    const first = n1.send(n2, meta)
    await until(() => n2.taken >= 1_000 * KiB)
    link.cut()
    expect(await rejection(first)).toMatchObject({ code: 'CONNECTION_LOST' })
    await n1.send(n2, meta)
    const [begun, resumed] = n1.asked
    expect(begun).toBe(0)
    expect(resumed).toBeGreaterThanOrEqual(1_000 * KiB)
    await expectHeld(n2, meta, bytes)
    expect(n2.stepped).toHaveLength(1)
  })

  test('goes on as often as it breaks', async () => {
    const { n1, n2, link } = await cluster()
    const { meta, bytes } = await snapshotIn(n1.store, 5)
    for (const kib of [400, 800, 1_200, 1_600]) {
      const sending = rejection(n1.send(n2, meta))
      await until(() => n2.taken >= kib * KiB)
      link.cut()
      expect(await sending).toMatchObject({ code: 'CONNECTION_LOST' })
    }
    await n1.send(n2, meta)
    expect(n1.asked.every((from, i) => i === 0 || from > (n1.asked[i - 1] as number))).toBe(true)
    await expectHeld(n2, meta, bytes)
  })

  test('is gone on with by another member that has the same bytes', async () => {
    const { n1, n2, n3, link } = await cluster()
    const { meta, bytes } = await snapshotIn(n1.store, 5)
    await snapshotIn(n3.store, 5, bytes)
    await cutAt(1_000 * KiB, n1.send(n2, meta), n2, link)
    await n3.send(n2, meta)
    expect(n3.asked[0]).toBeGreaterThanOrEqual(1_000 * KiB)
    await expectHeld(n2, meta, bytes)
  })

  test('is taken over while the other connection still seems to be there', async () => {
    const { n1, n2, n3, link } = await cluster()
    const { meta, bytes } = await snapshotIn(n1.store, 5)
    await snapshotIn(n3.store, 5, bytes)
    const first = rejection(n1.send(n2, meta))
    await until(() => n2.taken >= 1_000 * KiB)
    link.swallow()
    await n3.send(n2, meta)
    await expectHeld(n2, meta, bytes)
    expect(await first).toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test('begins anew when it is another one of the same position', async () => {
    const { n1, n2, n3, link } = await cluster()
    const first = await snapshotIn(n1.store, 5)
    const other = await snapshotIn(n3.store, 5)
    await cutAt(1_000 * KiB, n1.send(n2, first.meta), n2, link)
    await n3.send(n2, other.meta)
    expect(n3.asked).toEqual([0])
    await expectHeld(n2, other.meta, other.bytes)
  })

  test('makes room for a newer one', async () => {
    const { n1, n2, link } = await cluster()
    const first = await snapshotIn(n1.store, 5)
    await cutAt(1_000 * KiB, n1.send(n2, first.meta), n2, link)
    const newer = await snapshotIn(n1.store, 6)
    await n1.send(n2, newer.meta)
    expect(n1.asked).toEqual([0, 0])
    await expectHeld(n2, newer.meta, newer.bytes)
    expect(await n2.store.list()).toEqual([newer.meta])
    expect(await n2.files()).toHaveLength(1)
  })

  test('is never put together from two: the checksum of the whole decides', async () => {
    const { n1, n2, link } = await cluster()
    const { meta, bytes } = await snapshotIn(n1.store, 5)
    await cutAt(1_000 * KiB, n1.send(n2, meta), n2, link)
    expect(await rejection(n1.send(n2, meta, randomBytes(size)))).toMatchObject({ code: 'CORRUPT' })
    expect(await n2.files()).toEqual([])
    await n1.send(n2, meta)
    expect(n1.asked.at(-1)).toBe(0)
    await expectHeld(n2, meta, bytes)
  })

  test('leaves nothing when the node wants to write one of its own, or stops', async () => {
    for (const end of ['giveWay', 'stop'] as const) {
      const { n1, n2, link } = await cluster()
      const { meta } = await snapshotIn(n1.store, 5)
      await cutAt(1_000 * KiB, n1.send(n2, meta), n2, link)
      expect(await n2.files()).toHaveLength(1)
      n2.receiver[end]()
      await untilNone(n2)
    }
  })

  test('is not waited for longer than a minute', async () => {
    const time = new VirtualClock()
    const { n1, n2, link } = await cluster(time)
    const { meta } = await snapshotIn(n1.store, 5)
    await cutAt(1_000 * KiB, n1.send(n2, meta), n2, link)
    await until(() => time.pending.length > 0) // it has noticed
    await time.run(59_000)
    expect(await n2.files()).toHaveLength(1)
    await time.run(2_000)
    await untilNone(n2)
  })
})

type Member = Recorded & {
  readonly store: SnapshotStore
  readonly receiver: SnapshotReceiver
  /** Bytes that were written down here, of whatever was sent. */
  readonly taken: number
  /** From where others asked this one to send. */
  readonly asked: number[]
  readonly stepped: Message[]
  files(): Promise<string[]>
  /** From its store, or these bytes in its place. */
  send(to: Member, meta: SnapshotMeta, instead?: Uint8Array): Promise<void>
}

/** n1 reaches n2 through the link, n3 reaches it directly. */
async function cluster(time: Clock = clock) {
  const [n1, n2, n3] = [await node('n1'), await node('n2', time), await node('n3')]
  const link = await proxy(n2.address)
  n1.transport.setPeers(new Map([['n2', link.address]]))
  n3.transport.setPeers(new Map([['n2', n2.address]]))
  await until(() => n1.peers.length === 1 && n3.peers.length === 1)
  return { n1, n2, n3, link }
}

async function node(id: string, time: Clock = clock): Promise<Member> {
  const folder = await RealFolder.make()
  onTestFinished(() => folder.dispose())
  const store = folder.snapshotStore()
  const recorded = await member(id)
  const stepped: Message[] = []
  const asked: number[] = []
  let taken = 0
  const counted = async function* (data: AsyncIterable<Uint8Array>) {
    for await (const chunk of data) {
      taken += chunk.length
      yield chunk
    }
  }
  const raft = { term: 1, commit: 0, step: (message: Message) => void stepped.push(message) } as unknown as Raft
  const receiver = new SnapshotReceiver(
    raft,
    time,
    (meta, data) => store.write(meta, counted(data)),
    run => run(),
  )
  recorded.events.snapshot = (_from, message, meta, data) => receiver.receive(message, meta, data)
  const send = (to: Member, meta: SnapshotMeta, instead?: Uint8Array) => {
    const message = snapshotMessage(id, 'n2') as Extract<Message, { type: 'installSnapshot' }>
    const announced = { ...message, snapshot: { ...message.snapshot, index: meta.index, term: meta.term } }
    return recorded.transport.sendSnapshot(announced, meta, from => {
      asked.push(from)
      return slowly(instead === undefined ? store.read(meta, from) : whole(instead.subarray(from)), to)
    })
  }
  const files = () => readdir(`${folder.dir}/snapshots`).catch(() => [])
  return {
    ...recorded,
    store,
    receiver,
    asked,
    stepped,
    files,
    send,
    get taken() {
      return taken
    },
  }
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** In small pieces, none before the other side has written down most of those before: what is under way is little. */
async function* slowly(data: AsyncIterable<Uint8Array>, to: { readonly taken: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of data) {
    for (let at = 0; at < chunk.length; at += 16 * KiB) {
      yield chunk.subarray(at, at + 16 * KiB)
      if (to.taken < size / 2) await new Promise(resolve => setTimeout(resolve, 1))
    }
  }
}

async function snapshotIn(store: SnapshotStore, index: number, bytes: Uint8Array = randomBytes(size)) {
  const { size: _size, checksum: _checksum, ...head } = snapshotMeta(0)
  const meta = await store.write({ ...(head as SnapshotHead), index }, whole(bytes))
  return { meta, bytes }
}

async function cutAt(bytes: number, sending: Promise<void>, to: Member, link: { cut(): void }): Promise<void> {
  const failure = rejection(sending)
  await until(() => to.taken >= bytes)
  link.cut()
  expect(await failure).toMatchObject({ code: 'CONNECTION_LOST' })
}

async function expectHeld({ store }: Member, meta: SnapshotMeta, bytes: Uint8Array): Promise<void> {
  expect(await store.list()).toEqual([meta])
  const parts: Uint8Array[] = []
  for await (const part of store.read(meta)) parts.push(part)
  expect(Buffer.concat(parts).equals(bytes)).toBe(true)
}

async function untilNone(of: Member): Promise<void> {
  for (let i = 0; (await of.files()).length > 0; i++) {
    if (i > 200) throw new Error('the part is still there')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
