import type { Index, Term } from 'raft-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/clock/system-clock.ts'
import type { LogStore } from '../../src/ports.ts'
import type { Batches } from '../../src/storage/batches.ts'
import { levelBatches } from '../../src/storage/level-batches.ts'
import { LevelLogStore } from '../../src/storage/level-log-store.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { RealFolder } from './worlds.ts'

const identity = { clusterId: 'c'.repeat(32), nodeId: 'n1', incarnation: '1'.repeat(32) }
const full = () => new Error('IO error: /log/000007.log: No space left on device')

let folder: RealFolder
/** What writes, and opening the database, are answered. */
let failure: (() => Error) | undefined
let opened = 0
let madeRoom = 0
/** The write that fails is in the database all the same. */
let isWritten = false

beforeEach(async () => {
  folder = await RealFolder.make()
  failure = undefined
  opened = madeRoom = 0
  isWritten = false
})
afterEach(() => folder.dispose())

/** As LevelDB: after a failure nothing is written until it is opened again. */
function failingBatches(): Batches {
  const real = levelBatches(`${folder.dir}/log`)
  let broken: Error | undefined
  return {
    ...real,
    open: async () => {
      opened++
      if (failure !== undefined && opened > 1) throw failure()
      broken = undefined
      await real.open()
    },
    write: async batch => {
      if (failure !== undefined) {
        broken ??= failure()
        if (isWritten) await real.write(batch)
      }
      if (broken !== undefined) throw broken
      await real.write(batch)
    },
    removeRange: async range => {
      if (broken !== undefined) throw broken
      await real.removeRange(range)
    },
  }
}

async function openStore(batches: Batches = failingBatches()) {
  const makeRoom = async () => {
    madeRoom++
  }
  const store = new LevelLogStore({ files: nodeFiles, batches, folder: folder.dir, clock: systemClock(), makeRoom })
  const { state } = await store.open()
  return { store, state }
}

const save = (store: LogStore, term: Term, ...indices: Index[]) =>
  store.save({
    hardState: { term, vote: 'n2', commit: 0 },
    entries: indices.map(index => ({ term, index, type: 'command', data: Uint8Array.of(index) })),
    resetTo: undefined,
    mustSync: true,
  })

async function begun(): Promise<LogStore> {
  const { store } = await openStore()
  await store.initialize(identity)
  await save(store, 1, 1, 2, 3)
  return store
}

async function expectHeld(term: Term, ...terms: Term[]): Promise<void> {
  const { store, state } = await openStore()
  expect(state.hardState.term).toBe(term)
  expect(state.entries.map(entry => entry.term)).toEqual(terms)
  await store.close()
}

test.each([true, false])('a save waits for room, and is made once there is some (in the database before: %s)', async was => {
  const store = await begun()
  isWritten = was
  failure = full
  let isSaved = false
  const saving = save(store, 2, 3, 4).then(() => {
    isSaved = true
  })
  await new Promise(resolve => setTimeout(resolve, 700))
  expect(isSaved).toBe(false)
  expect(opened).toBeGreaterThan(1)
  expect(madeRoom).toBe(opened - 1)
  failure = undefined
  await saving
  await save(store, 2, 5)
  await store.compact(1)
  await store.close()
  opened = 0
  await expectHeld(2, 1, 2, 2, 2)
})

test('compaction waits as well, beside a save', async () => {
  const store = await begun()
  failure = full
  const work = Promise.all([store.compact(2), save(store, 1, 4)])
  await new Promise(resolve => setTimeout(resolve, 300))
  failure = undefined
  await work
  await store.close()
  opened = 0
  await expectHeld(1, 1, 1)
})

test('who closes does not wait for room, and finds what was saved', async () => {
  const store = await begun()
  failure = full
  const saving = save(store, 1, 4)
  const end = expect(saving).rejects.toMatchObject({ code: 'STORAGE_FAILED', outcome: 'unknown' })
  await new Promise(resolve => setTimeout(resolve, 100))
  await store.close()
  await end
  failure = undefined
  opened = 0
  await expectHeld(1, 1, 1, 1)
})

test('a disk that fails is not asked again', async () => {
  const store = await begun()
  failure = () => Object.assign(new Error('IO error: /log/000007.log: Input/output error'), { code: 'LEVEL_IO_ERROR' })
  await expect(save(store, 1, 4)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  expect(opened).toBe(1)
  failure = undefined
  await expect(save(store, 1, 4)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await store.close()
})

test('a database that has lost something by then is not gone on with', async () => {
  const inner = failingBatches()
  let loses = false
  const batches: Batches = {
    ...inner,
    read: async function* (range) {
      for await (const page of inner.read(range)) yield loses ? page.slice(0, 1) : page
    },
  }
  const { store } = await openStore(batches)
  await store.initialize(identity)
  await save(store, 1, 1, 2, 3)
  failure = full
  const saving = expect(save(store, 1, 4)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await new Promise(resolve => setTimeout(resolve, 50))
  loses = true
  failure = undefined
  await saving
  await expect(save(store, 1, 4)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await store.close()
})
