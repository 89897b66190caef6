import type { SnapshotHead, SnapshotMeta, SnapshotStore } from '../ports.ts'
import { bytes, type ContractTools, refusal } from './tools.ts'

export type SnapshotStoreWorld = {
  /** A store on this world's folder. */
  store(): SnapshotStore
  /** The process is gone; stores made before are of no use afterwards. */
  crash(): Promise<void>
  dispose(): Promise<void>
}

/** What every `SnapshotStore` keeps to. `make` builds a world of its own for each rule. */
export function snapshotStoreContract({ describe, test, expect }: ContractTools, make: () => Promise<SnapshotStoreWorld>): void {
  const rule = (name: string, body: (world: SnapshotStoreWorld) => Promise<void>) =>
    test(name, async () => {
      const world = await make()
      try {
        await body(world)
      } finally {
        await world.dispose()
      }
    })

  describe('snapshot store', () => {
    rule('has none at first', async world => {
      expect(await world.store().list()).toEqual([])
    })

    rule('keeps metadata and data, also after a crash', async world => {
      const written = await world.store().write(meta(3, 70), pieces('hello ', '', 'world'))
      expect(written).toEqual({ ...meta(3, 70), size: 11, checksum: 0x0d4a1185 })
      await world.crash()
      const store = world.store()
      expect(await store.list()).toEqual([written])
      expect(await text(store.read(written))).toBe('hello world')
    })

    rule('keeps one without data', async world => {
      const store = world.store()
      const written = await store.write(meta(1, 1), pieces())
      expect(written.size).toBe(0)
      expect(await store.list()).toEqual([written])
      expect(await text(store.read(written))).toBe('')
    })

    rule('keeps a large one in pieces of any size', async world => {
      const store = world.store()
      const size = 1_500_000
      const all = Uint8Array.from({ length: size }, (_, i) => (i * 7919) >> 5)
      const written = await store.write(meta(1, 1), cut(all, [1, 100_000, 3, 262_144, 999_999]))
      expect(written.size).toBe(size)
      const read = await gather(store.read(written))
      expect(read.length).toBe(size)
      expect(read.every((byte, i) => byte === all[i])).toBe(true)
    })

    rule('reads on from any byte', async world => {
      const store = world.store()
      const all = Uint8Array.from({ length: 600_000 }, (_, i) => (i * 7919) >> 5)
      const written = await store.write(meta(1, 1), cut(all, [100_000]))
      for (const from of [0, 1, 262_143, 262_144, 262_145, 524_288, 599_999, 600_000]) {
        expect(Buffer.compare(await gather(store.read(written, from)), all.subarray(from))).toBe(0)
      }
      const none = await store.write(meta(1, 2), pieces())
      expect((await gather(store.read(none, 0))).length).toBe(0)
    })

    rule('reads the same where chunks are lent', async world => {
      const store = world.store()
      const all = Uint8Array.from({ length: 600_000 }, (_, i) => (i * 7919) >> 5)
      const written = await store.write(meta(1, 1), cut(all, [100_000]))
      for (const from of [0, 262_145, 599_999]) {
        const copied: Uint8Array[] = []
        for await (const chunk of store.read(written, from, { lent: true })) copied.push(chunk.slice())
        expect(Buffer.compare(Buffer.concat(copied), all.subarray(from))).toBe(0)
      }
    })

    rule('takes what was announced, and nothing else', async world => {
      const store = world.store()
      const announced = await store.write(meta(2, 20), pieces('hello ', 'world'))
      expect(await store.write(announced, pieces('hello world'))).toEqual(announced)
      const next = { ...announced, index: 21 }
      for (const other of ['hello World', 'hello worl', 'hello world!', '']) {
        expect(await refusal(store.write(next, pieces(other)))).toBe('CORRUPT')
      }
      expect(await store.list()).toEqual([announced])
    })

    rule('lists the newest first', async world => {
      const store = world.store()
      for (const index of [20, 100, 9]) await store.write(meta(2, index), pieces('x'))
      expect((await store.list()).map(({ index }) => index)).toEqual([100, 20, 9])
    })

    rule('replaces one of the same position', async world => {
      const store = world.store()
      await store.write(meta(2, 20), pieces('first'))
      const second = await store.write(meta(2, 20), pieces('second'))
      expect(await store.list()).toEqual([second])
      expect(await text(store.read(second))).toBe('second')
    })

    rule('has nothing of one whose source failed, and hands its error on', async world => {
      const store = world.store()
      const kept = await store.write(meta(2, 20), pieces('kept'))
      const failure = new Error('the other side went away')
      let thrown: unknown
      await store.write(meta(2, 30), failing(failure)).catch(error => {
        thrown = error
      })
      expect(thrown).toBe(failure)
      expect(await store.list()).toEqual([kept])
    })

    rule('has nothing of one that a crash cut short', async world => {
      const store = world.store()
      const kept = await store.write(meta(2, 20), pieces('kept'))
      let reached: () => void = () => {}
      const halfway = new Promise<void>(resolve => {
        reached = resolve
      })
      let end: () => void = () => {}
      const ended = new Promise<void>(resolve => {
        end = resolve
      })
      const writing = store.write(meta(2, 30), stopping(reached, ended)).catch(() => {})
      await halfway
      await world.crash()
      const again = world.store()
      expect(await again.list()).toEqual([kept])
      await again.write(meta(2, 30), pieces('again'))
      expect((await again.list()).map(({ index }) => index)).toEqual([30, 20])
      end()
      await writing
    })

    rule('lists while another is being written', async world => {
      const store = world.store()
      await store.write(
        meta(2, 30),
        (async function* () {
          yield bytes('a')
          expect(await store.list()).toEqual([])
          yield bytes('b')
        })(),
      )
      expect((await store.list()).map(({ size }) => size)).toEqual([2])
    })

    rule('keeps as many as asked for, and reads on what it removes', async world => {
      const store = world.store()
      for (const index of [10, 20, 30]) await store.write(meta(1, index), pieces('x'.repeat(300_000), 'y'.repeat(300_000)))
      const oldest = (await store.list())[2] as SnapshotMeta
      const reading = store.read(oldest)[Symbol.asyncIterator]()
      let size = (await reading.next()).value?.length ?? 0
      await store.keep(2)
      expect((await store.list()).map(({ index }) => index)).toEqual([30, 20])
      for (let next = await reading.next(); !next.done; next = await reading.next()) size += next.value.length
      expect(size).toBe(600_000)
    })

    rule('leaves alone what is newer than asked for', async world => {
      const store = world.store()
      for (const index of [10, 20, 30, 40, 50]) await store.write(meta(1, index), pieces('x'))
      await store.keep(2, 30)
      expect((await store.list()).map(({ index }) => index)).toEqual([50, 40, 30, 20])
    })

    rule('says so when one is not there', async world => {
      expect(await refusal(gather(world.store().read({ ...meta(1, 1), size: 1, checksum: 0 })))).toBe('CORRUPT')
    })
  })
}

function meta(term: number, index: number): SnapshotHead {
  return {
    term,
    index,
    membership: { voters: ['n1', 'n2'], outgoing: ['n1'], learners: ['n3~2'], learnersNext: [], autoLeave: true, promoting: ['n3~2'] },
    membershipIndex: 7,
    members: [{ id: 'n1', address: '127.0.0.1:7000', clientAddress: '', incarnation: '1'.repeat(32) }],
    chain: 2 ** 47 + 12345,
  }
}

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of texts) yield bytes(piece)
}

async function* cut(all: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let offset = 0
  for (let i = 0; offset < all.length; i++) {
    const size = sizes[i % sizes.length] as number
    yield all.subarray(offset, offset + size)
    offset += size
  }
}

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield bytes('half')
  throw error
}

async function* stopping(reached: () => void, ended: Promise<void>): AsyncGenerator<Uint8Array> {
  yield bytes('x'.repeat(600_000))
  reached()
  await ended
  throw new Error('crashed')
}

async function gather(data: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of data) parts.push(part)
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

async function text(data: AsyncIterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(await gather(data))
}
