import { cp, readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from 'raft-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LogState } from '../../src/ports.ts'
import type { Files, OpenFile } from '../../src/storage/files.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { WalLogStore } from '../../src/storage/wal-log-store.ts'
import { flipBit } from './damage.ts'
import { RealFolder } from './worlds.ts'

const identity = { clusterId: 'c'.repeat(32), nodeId: 'n1', incarnation: '1'.repeat(32) }
const segmentBytes = { first: 1024, most: 4096 }
let folder: RealFolder
const stores: WalLogStore[] = []

beforeEach(async () => {
  folder = await RealFolder.make({ log: 'wal' })
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  await folder.dispose()
})

async function open(
  files: Files = nodeFiles,
  dir = folder.dir,
): Promise<{ readonly store: WalLogStore; readonly state: LogState; readonly damage: string | undefined }> {
  const store = new WalLogStore({ files, folder: dir, clock: folder.clock, segmentBytes })
  stores.push(store)
  const { state, identity: found, damage } = await store.open()
  if (found === undefined) await store.initialize(identity)
  return { store, state, damage: damage?.reason }
}

async function again(): Promise<LogState> {
  await folder.crash()
  const { store, state } = await open()
  await store.close()
  return state
}

const entry = (term: number, index: number, bytes = 100): Entry => ({
  term,
  index,
  type: 'command',
  data: new Uint8Array(bytes).fill(index),
})
const entries = (term: number, from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => entry(term, from + i))

async function save(store: WalLogStore, term: number, list: readonly Entry[], commit = 0): Promise<void> {
  await store.save({ hardState: { term, vote: 'n2', commit }, entries: list, resetTo: undefined, mustSync: true })
}
async function saveEach(store: WalLogStore, term: number, from: number, to: number): Promise<void> {
  for (let index = from; index <= to; index++) await save(store, term, [entry(term, index)])
}
const segments = async () => (await readdir(`${folder.dir}/wal`)).filter(name => name.endsWith('.wal'))

describe('segments', () => {
  test('follow one another, and are read as one log', async () => {
    const { store } = await open()
    await saveEach(store, 1, 1, 200)
    expect((await segments()).length).toBeGreaterThan(4)
    expect((await again()).entries).toEqual(entries(1, 1, 200))
  })

  test('take a batch that is larger than any of them', async () => {
    const { store } = await open()
    await save(store, 1, [entry(1, 1, 20_000), entry(1, 2, 300_000)])
    await saveEach(store, 1, 3, 60)
    await save(store, 1, [entry(1, 61, 200_000)])
    expect((await again()).entries).toEqual([entry(1, 1, 20_000), entry(1, 2, 300_000), ...entries(1, 3, 60), entry(1, 61, 200_000)])
  })

  test('are used again or removed after compaction, and what they held before never comes back', async () => {
    let { store } = await open()
    for (let round = 0; round < 20; round++) {
      const [first, last] = [round * 40 + 1, round * 40 + 40]
      await saveEach(store, 1, first, last)
      await store.compact(last - 5)
      expect((await segments()).length).toBeLessThan(8)
      if (round % 3 !== 2) continue
      await folder.crash()
      const opened = await open()
      expect([opened.state.base.index, opened.state.entries]).toEqual([last - 5, entries(1, last - 4, last)])
      store = opened.store
    }
  })

  test('are read from where the log begins, after entries in earlier ones were replaced', async () => {
    const { store } = await open()
    await saveEach(store, 1, 1, 60)
    await save(store, 2, entries(2, 20, 22))
    await saveEach(store, 2, 23, 90)
    await store.compact(21)
    expect((await again()).entries).toEqual(entries(2, 22, 90))
  })

  test('hold the vote, whichever of them are gone', async () => {
    const { store } = await open()
    await save(store, 7, entries(7, 1, 1))
    for (let index = 2; index <= 100; index++) {
      await store.save({ hardState: undefined, entries: [entry(7, index)], resetTo: undefined, mustSync: true })
    }
    await store.compact(99)
    expect((await segments())[0]).not.toMatch(/0001\.wal$/)
    expect((await again()).hardState).toEqual({ term: 7, vote: 'n2', commit: 99 })
  })

  test('are not waited for: while none can be made ready, the last one grows', async () => {
    let made = 0
    const files: Files = {
      ...nodeFiles,
      async create(path) {
        if (path.endsWith('.wal') && ++made > 1) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
        return nodeFiles.create(path)
      },
    }
    const { store } = await open(files)
    await saveEach(store, 1, 1, 100)
    expect(made).toBeGreaterThan(2)
    expect(await segments()).toHaveLength(1)
    expect((await again()).entries).toEqual(entries(1, 1, 100))
  })
})

describe('a log that is opened again', () => {
  type Piece = readonly [from: number, to: number]
  /** What is written to segments, but for the zeros with which they are made ready: from byte to byte. */
  const watching = (written: Piece[]): Files => {
    const watched = (file: OpenFile): OpenFile => ({
      readAt: (offset, length) => file.readAt(offset, length),
      async writeAt(offset, bytes) {
        await file.writeAt(offset, bytes)
        if (bytes.some(byte => byte !== 0)) written.push([offset, offset + bytes.length])
      },
      size: () => file.size(),
      truncate: size => file.truncate(size),
      sync: () => file.sync(),
      close: () => file.close(),
    })
    const isSegment = (path: string) => path.endsWith('.wal')
    return {
      ...nodeFiles,
      async open(path) {
        const file = await nodeFiles.open(path)
        return file !== undefined && isSegment(path) ? watched(file) : file
      },
      create: async path => (isSegment(path) ? watched(await nodeFiles.create(path)) : nodeFiles.create(path)),
    }
  }

  test('writes again exactly what the process before had written last: all before it was flushed', async () => {
    const written: Piece[] = []
    const { store } = await open(watching(written))
    await save(store, 1, [entry(1, 1)]) // nobody can tell it from one that was written with the head before it
    for (let index = 2; index <= 60; index++) {
      await save(store, 1, [entry(1, index)])
      const last = written.at(-1)
      const copy = `${folder.dir}-${index}`
      await cp(folder.dir, copy, { recursive: true })
      const again: Piece[] = []
      await open(watching(again), copy)
      expect(again).toEqual([last])
    }
    expect((await segments()).length).toBeGreaterThan(2)
  })
})

describe('damage', () => {
  const path = async (at: number) => join(folder.dir, 'wal', (await segments())[at] as string)

  test('in the middle names the first entry that is missing', async () => {
    const { store } = await open()
    await saveEach(store, 1, 1, 200)
    await folder.crash()
    await flipBit(await path(1), 800)
    expect((await open()).damage).toMatch(/entry \d+ is missing or damaged, and entries up to 200/)
  })

  test.each(['gone', 'empty', 'without its head'] as const)('of a segment that is %s is found', async what => {
    const { store } = await open()
    await saveEach(store, 1, 1, 200)
    await folder.crash()
    for (let at = 0; at < 5; at++) {
      const segment = await path(at)
      if (what === 'gone') await rm(segment)
      if (what === 'empty') await truncate(segment, 0)
      if (what === 'without its head') await flipBit(segment, 30)
      const opened = await open()
      expect(opened.damage).toBeDefined()
      await opened.store.close()
      await folder.rewind()
    }
  })

  test('of a segment that nobody needs any more does no harm', async () => {
    const { store } = await open()
    await saveEach(store, 1, 1, 200)
    await store.compact(190)
    await folder.crash()
    await flipBit(await path(0), 40)
    const { state } = await open()
    expect(state.entries).toEqual(entries(1, 191, 200))
  })
})
