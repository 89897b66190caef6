import type { Entry, HardState } from 'raft-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LogBatch, LogState, LogStore } from '../../src/ports.ts'
import type { Batches } from '../../src/storage/batches.ts'
import type { Files, OpenFile } from '../../src/storage/files.ts'
import type { LogKind } from '../../src/storage/folder-layout.ts'
import { levelBatches } from '../../src/storage/level-batches.ts'
import { LevelLogStore } from '../../src/storage/level-log-store.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { WalLogStore } from '../../src/storage/wal-log-store.ts'
import { RealFolder } from './worlds.ts'

const identity = { clusterId: 'c'.repeat(32), nodeId: 'n1', incarnation: '1'.repeat(32) }
const kinds: readonly LogKind[] = ['level', 'wal']
let log: LogKind = 'level'
let folder: RealFolder
/** Set: the next such call fails, as a disk does that is full or broken. */
let failing: 'batch' | 'mark' | 'sync' | undefined
/** So many steps succeed, then none. */
let stepsLeft = Number.POSITIVE_INFINITY
let due: (() => void)[] = []

beforeEach(async () => {
  folder = await RealFolder.make()
  failing = undefined
  stepsLeft = Number.POSITIVE_INFINITY
  due = []
})
afterEach(() => folder.dispose())

const clock = {
  now: () => 0,
  after(_: number, run: () => void) {
    due.push(run)
    return { cancel: () => due.splice(due.indexOf(run), 1) }
  },
  random: () => 0,
  uniqueId: () => '',
}

async function openStore(): Promise<LogStore & { readonly opened: LogState }> {
  const real = levelBatches(`${folder.dir}/log`)
  const run = async (what: typeof failing, step: () => Promise<void>) => {
    if (failing === what || --stepsLeft < 0) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
    await step()
  }
  const batches: Batches = { ...real, write: batch => run('batch', () => real.write(batch)) }
  const failingFile = (path: string, file: OpenFile): OpenFile => ({
    ...file,
    writeAt: (offset, bytes) => run(path.endsWith('.wal') ? 'batch' : 'mark', () => file.writeAt(offset, bytes)),
    sync: () => run('sync', () => file.sync()),
  })
  const files: Files = {
    ...nodeFiles,
    async open(path) {
      const file = await nodeFiles.open(path)
      return file && failingFile(path, file)
    },
    create: async path => failingFile(path, await nodeFiles.create(path)),
  }
  const parts = { files, folder: folder.dir, clock }
  const store = log === 'wal' ? new WalLogStore(parts) : new LevelLogStore({ batches, ...parts })
  const { state } = await store.open()
  return Object.assign(store, { opened: state })
}

const save = (store: LogStore, index: number, vote?: string) =>
  store.save({
    hardState: { term: 1, vote, commit: 0 },
    entries: index === 0 ? [] : [{ term: 1, index, type: 'empty' }],
    resetTo: undefined,
    mustSync: true,
  })

describe.each(kinds)('%s: after a failed write nothing is written any more', kind => {
  beforeEach(() => {
    log = kind
  })

  test.each(['batch', 'mark', 'sync'] as const)('%s', async what => {
    const store = await openStore()
    await store.initialize(identity)
    await save(store, 1)
    failing = what
    await expect(save(store, 0, 'n2')).rejects.toMatchObject({ code: 'STORAGE_FAILED', outcome: 'unknown' })
    failing = undefined
    await expect(save(store, 2)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await expect(store.compact(1)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await expect(store.initialize(identity)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await store.close()
    const again = await openStore()
    await again.close()
  })

  test('a sync in the background that fails is heard of at the next save', async () => {
    const store = await openStore()
    await store.initialize(identity)
    await save(store, 1) // a new term: synced at once
    expect(due.length).toBe(0)
    await save(store, 2)
    expect(due.length).toBe(1)
    failing = 'sync'
    for (const run of due.splice(0)) run()
    await new Promise(resolve => setTimeout(resolve, 20))
    failing = undefined
    await expect(save(store, 3)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await store.close()
  })
})

describe.each(kinds)('%s: a crash between any two steps leaves the last save or the one before', kind => {
  beforeEach(() => {
    log = kind
  })

  const entries = (term: number, from: number, to: number): Entry[] =>
    Array.from({ length: to - from + 1 }, (_, i) => ({ term, index: from + i, type: 'command', data: Uint8Array.of(term, from + i) }))
  const hard = (term: number, vote?: string, commit = 0): HardState => ({ term, vote, commit })
  const put = (hardState: HardState, list: readonly Entry[], resetTo?: LogBatch['resetTo']): LogBatch => {
    return { hardState, entries: list, resetTo, mustSync: true }
  }
  const chain = 99
  const story: { readonly batch: LogBatch; readonly after: Omit<LogState, 'baseChain'> }[] = [
    { batch: put(hard(1, 'n1'), []), after: { hardState: hard(1, 'n1'), base: at(0, 0), entries: [] } },
    { batch: put(hard(1, 'n1'), entries(1, 1, 5)), after: { hardState: hard(1, 'n1'), base: at(0, 0), entries: entries(1, 1, 5) } },
    {
      batch: put(hard(2, undefined, 2), entries(2, 3, 4)),
      after: { hardState: hard(2, undefined, 2), base: at(0, 0), entries: [...entries(1, 1, 2), ...entries(2, 3, 4)] },
    },
    {
      batch: put(hard(3, 'n3', 2), entries(3, 4, 4)),
      after: { hardState: hard(3, 'n3', 2), base: at(0, 0), entries: [...entries(1, 1, 2), ...entries(2, 3, 3), ...entries(3, 4, 4)] },
    },
    {
      batch: put(hard(3, 'n3', 3), [], { position: at(3, 3), chain }),
      after: { hardState: hard(3, 'n3', 3), base: at(3, 3), entries: [] },
    },
    { batch: put(hard(4, 'n3', 3), entries(4, 4, 8)), after: { hardState: hard(4, 'n3', 3), base: at(3, 3), entries: entries(4, 4, 8) } },
    {
      batch: put(hard(4, 'n3', 90), entries(4, 91, 92), { position: at(4, 90), chain }),
      after: { hardState: hard(4, 'n3', 90), base: at(4, 90), entries: entries(4, 91, 92) },
    },
  ]

  test('whichever step fails', async () => {
    await folder.dispose()
    for (let steps = 0; ; steps++) {
      folder = await RealFolder.make()
      stepsLeft = Number.POSITIVE_INFINITY
      const store = await openStore()
      await store.initialize(identity)
      stepsLeft = steps
      let saved = 0
      for (const { batch } of story) {
        if (
          !(await store.save(batch).then(
            () => true,
            () => false,
          ))
        )
          break
        saved++
      }
      await store.close()
      stepsLeft = Number.POSITIVE_INFINITY
      const again = await openStore()
      const state = again.opened
      const empty = { hardState: hard(0), base: at(0, 0), entries: [] }
      const possible = [story[saved - 1]?.after ?? empty, ...(saved < story.length ? [story[saved]?.after] : [])]
      expect(possible).toContainEqual({ hardState: state.hardState, base: state.base, entries: state.entries })
      await again.close()
      await folder.dispose()
      if (saved === story.length) break
      expect(steps).toBeLessThan(60)
    }
  })
})

function at(term: number, index: number) {
  return { term, index }
}
