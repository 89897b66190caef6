import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from 'raft-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RaftError } from '../../src/errors.ts'
import type { Identity, LogStore } from '../../src/ports.ts'
import { type LogKind, logFolders } from '../../src/storage/folder-layout.ts'
import { flipBit, logFile, samples, written } from './damage.ts'
import { RealFolder } from './worlds.ts'

/** `research/reliability.md` §2: after every change here LevelDB alone opens without a word and forgets entries or votes. */
const kinds: readonly LogKind[] = ['level', 'wal']
let log: LogKind = 'level'

const identity: Identity = { clusterId: 'c'.repeat(32), nodeId: 'n1', incarnation: '1'.repeat(32) }
const folders: RealFolder[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.dispose()
})

const quiet = { now: () => 0, after: () => ({ cancel: () => {} }), random: () => 0, uniqueId: () => '' }

function entry(term: number, index: number): Entry {
  return { term, index, type: 'command', data: new TextEncoder().encode(`command ${index} of term ${term} ${'.'.repeat(index % 60)}`) }
}

function range(term: number, from: number, to: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(term, from + i))
}

async function save(store: LogStore, term: number, entries: readonly Entry[], vote?: string): Promise<void> {
  await store.save({ hardState: { term, vote, commit: 0 }, entries, resetTo: undefined, mustSync: true })
}

async function founded(): Promise<{ folder: RealFolder; store: LogStore }> {
  const folder = await RealFolder.make({ clock: quiet, log })
  folders.push(folder)
  const store = folder.logStore()
  await store.open()
  await store.initialize(identity)
  return { folder, store }
}

const acknowledged = { term: 9, vote: 'n2', entries: [...range(1, 1, 20), ...range(5, 21, 40)] }

/** A node that crashed after it had acknowledged forty entries and, last of all, given a vote. */
async function crashed(): Promise<RealFolder> {
  const { folder, store } = await founded()
  for (let index = 1; index <= 20; index++) await save(store, 1, [entry(1, index)], 'n1')
  await save(store, 5, range(5, 21, 40))
  await save(store, 9, [], 'n2')
  await folder.crash()
  return folder
}

type Verdict = 'detected' | 'repairable' | 'harmless'

/** Opens a copy of the folder after `change`. Anything but these verdicts fails the test. */
async function verdictAfter(folder: RealFolder, change: (dir: string) => Promise<void>): Promise<Verdict> {
  const copy = join(folder.dir, '..', 'copy')
  await rm(copy, { recursive: true, force: true })
  await cp(folder.dir, copy, { recursive: true })
  await change(copy)
  const opened = await openIn(copy)
  if (opened instanceof RaftError) {
    expect(opened.code).toBe('CORRUPT')
    expect(opened.message).toContain(copy)
    expect(opened.message).toContain('raftctl node join --replace')
    return 'detected'
  }
  // Whatever is wrong with the log: whose it is, and which vote was given, is known.
  expect(opened.identity).toEqual(identity)
  expect(opened.state.hardState).toMatchObject({ term: acknowledged.term, vote: acknowledged.vote })
  if (opened.damage !== undefined) {
    expect(opened.damage.isRepairing).toBe(false)
    expect(opened.state).toMatchObject({ hardState: { commit: 0 }, base: { term: 0, index: 0 }, entries: [] })
    return 'repairable'
  }
  expect(opened.state.entries).toEqual(acknowledged.entries)
  return 'harmless'
}

async function openIn(dir: string): Promise<RaftError | Awaited<ReturnType<LogStore['open']>>> {
  const { openStorage } = await import('../../src/level/index.ts')
  const { logStore } = openStorage({ dir, log, clock: quiet })
  try {
    return await logStore.open()
  } catch (error) {
    if (error instanceof RaftError) return error
    throw error
  } finally {
    await logStore.close()
  }
}

describe.each(kinds)('%s: a damaged log', kind => {
  beforeEach(() => {
    log = kind
  })

  test('without damage opens', async () => {
    expect(await verdictAfter(await crashed(), async () => {})).toBe('harmless')
  })

  test('is found out when a bit of the write-ahead log flips', async () => {
    const folder = await crashed()
    const { name: wal, bytes } = await written(folder.dir, log)
    const verdicts = new Set<Verdict>()
    for (const offset of await samples(join(folder.dir, wal), 40, bytes)) {
      verdicts.add(await verdictAfter(folder, dir => flipBit(join(dir, wal), offset)))
    }
    expect([...verdicts]).toEqual(['repairable'])
  })

  test('is found out when the write-ahead log is cut, at any length', async () => {
    const folder = await crashed()
    const { name: wal, bytes } = await written(folder.dir, log)
    for (const length of await samples(join(folder.dir, wal), 30, bytes)) {
      expect(await verdictAfter(folder, dir => truncate(join(dir, wal), length))).toBe('repairable')
    }
  })

  test('is found out when a file is gone, or all of it', async () => {
    const folder = await crashed()
    for (const name of await logFile(folder.dir, log, /^(CURRENT|MANIFEST.*|.*\.log|.*\.ldb|.*\.wal)$/)) {
      expect([name, await verdictAfter(folder, dir => rm(join(dir, name)))]).toEqual([name, 'repairable'])
    }
    expect(await verdictAfter(folder, dir => rm(`${dir}/${logFolders[log]}`, { recursive: true }))).toBe('repairable')
  })

  test('is found out when an older state of it comes back: a forgotten vote', async () => {
    const { folder, store } = await founded()
    await save(
      store,
      8,
      acknowledged.entries.map(({ index }) => entry(8, index)),
    )
    await save(store, 9, [], undefined)
    await folder.crash()
    const older = join(folder.dir, '..', 'older')
    await cp(`${folder.dir}/${logFolders[log]}`, older, { recursive: true })
    const again = folder.logStore()
    await again.open()
    await save(again, 9, [], 'n2')
    await folder.crash()
    const opened = await openWithLog(folder, older)
    expect(opened).toMatchObject({
      damage: { reason: expect.stringMatching(/vote for n2 in term 9 is missing/) },
      state: { hardState: { term: 9, vote: 'n2' } },
    })
  })

  test('is found out when an older, longer state of it comes back', async () => {
    const { folder, store } = await founded()
    await save(store, 2, range(1, 1, 50))
    await folder.crash()
    const older = join(folder.dir, '..', 'older')
    await cp(`${folder.dir}/${logFolders[log]}`, older, { recursive: true })
    const again = folder.logStore()
    await again.open()
    await save(again, 2, range(2, 31, 35))
    await folder.crash()
    expect(await openWithLog(folder, older)).toMatchObject({ damage: { reason: expect.stringMatching(/entry 35 is not the one/) } })
  })

  test('is found out when the watermark is of another node', async () => {
    const folder = await crashed()
    const other = await founded()
    await cp(`${folder.dir}/watermark-a`, join(other.folder.dir, 'watermark-a'))
    await other.folder.crash()
    const theirs = await RealFolder.make({ clock: quiet, log })
    folders.push(theirs)
    const store = theirs.logStore()
    await store.open()
    await store.initialize({ ...identity, incarnation: '2'.repeat(32) })
    await theirs.crash()
    await cp(`${folder.dir}/watermark-b`, `${theirs.dir}/watermark-b`)
    expect(await openIn(theirs.dir)).toMatchObject({ code: 'CORRUPT', message: expect.stringMatching(/mixed/) })
  })
})

/** What a leader sends, as it comes. */
async function fill(store: LogStore, from: number, to: number): Promise<void> {
  await save(store, acknowledged.term, acknowledged.entries.slice(from - 1, to), acknowledged.vote)
}

describe.each(kinds)('%s: a repair', kind => {
  beforeEach(() => {
    log = kind
  })

  async function damaged(): Promise<RealFolder> {
    const folder = await crashed()
    const { name: wal } = await written(folder.dir, log)
    await truncate(join(folder.dir, wal), 500)
    return folder
  }

  async function begun(): Promise<{ folder: RealFolder; store: LogStore }> {
    const folder = await damaged()
    const store = folder.logStore()
    await store.open()
    expect(await store.beginRepair()).toMatchObject({ hardState: { term: 9, vote: 'n2', commit: 0 }, entries: [] })
    return { folder, store }
  }

  test('does not begin by itself: until then nothing can be saved, and the folder stays as it is', async () => {
    const folder = await damaged()
    const store = folder.logStore()
    await store.open()
    await expect(fill(store, 1, 3)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await store.close()
    expect(await openIn(folder.dir)).toMatchObject({ damage: { isRepairing: false } })
  })

  test('goes on after a crash, as far as it got; the vote is never forgotten', async () => {
    const { folder, store } = await begun()
    await fill(store, 1, 12)
    await folder.crash()
    const again = folder.logStore()
    const opened = await again.open()
    expect(opened).toMatchObject({ damage: { isRepairing: true }, state: { hardState: { term: 9, vote: 'n2' } } })
    expect(opened.state.entries).toEqual(acknowledged.entries.slice(0, 12))
    await fill(again, 13, 40)
    await folder.crash()
    expect(await openIn(folder.dir)).toMatchObject({ damage: { isRepairing: true }, state: { entries: acknowledged.entries } })
  })

  test('ends with a batch that says so', async () => {
    const { folder, store } = await begun()
    await fill(store, 1, 40)
    await store.save({ hardState: undefined, entries: [], resetTo: undefined, mustSync: true, repaired: true })
    await folder.crash()
    const opened = await openIn(folder.dir)
    expect(opened).toMatchObject({ damage: undefined, state: { hardState: { term: 9, vote: 'n2' }, entries: acknowledged.entries } })
    expect(await verdictAfter(folder, async () => {})).toBe('harmless')
    for (const name of ['watermark-a', 'watermark-b']) {
      expect(await verdictAfter(folder, dir => flipBit(join(dir, name), 30))).toBe('harmless')
    }
  })

  test('knows terms that came up meanwhile, also when it is damaged once more', async () => {
    const { folder, store } = await begun()
    await save(store, 11, acknowledged.entries.slice(0, 5))
    await folder.crash()
    await rm(`${folder.dir}/${logFolders[log]}`, { recursive: true })
    const opened = await openIn(folder.dir)
    expect(opened).toMatchObject({ damage: { isRepairing: false }, state: { hardState: { term: 11, vote: undefined }, entries: [] } })
  })

  test('is not to be had with a copy of the watermark lost as well: it may be the one with the last vote', async () => {
    const folder = await damaged()
    for (const name of ['watermark-a', 'watermark-b'])
      expect(await verdictAfter(folder, dir => flipBit(join(dir, name), 30))).toBe('detected')
  })
})

test('level: a damaged log is found out in sorted tables, and in every other file of the database', async () => {
  log = 'level'
  const folder = await crashed()
  const store = folder.logStore()
  await store.open() // moves the write-ahead log into a table
  await folder.crash()
  const tables = await logFile(folder.dir, log, /\.ldb$/)
  expect(tables.length).toBeGreaterThan(0)
  const verdicts: Verdict[] = []
  for (const name of [...tables, ...(await logFile(folder.dir, log, /^(MANIFEST.*|CURRENT|.*\.log|LOCK|LOG)$/))]) {
    for (const offset of await samples(join(folder.dir, name), name.endsWith('.ldb') ? 40 : 8)) {
      verdicts.push(await verdictAfter(folder, dir => flipBit(join(dir, name), offset)))
      // LevelDB calls it an invalid argument where a table is shorter than it was.
      if (name.endsWith('.ldb')) expect(await verdictAfter(folder, dir => truncate(join(dir, name), offset))).toBe('repairable')
    }
  }
  expect(verdicts.filter(verdict => verdict === 'repairable').length).toBeGreaterThan(30)
})

async function openWithLog(folder: RealFolder, older: string) {
  await rm(`${folder.dir}/${logFolders[log]}`, { recursive: true })
  await cp(older, `${folder.dir}/${logFolders[log]}`, { recursive: true })
  return openIn(folder.dir)
}

describe.each(kinds)('%s: a damaged watermark', kind => {
  beforeEach(() => {
    log = kind
  })

  for (const name of ['watermark-a', 'watermark-b']) {
    test(`${name} is replaced from the other and the log`, async () => {
      const folder = await crashed()
      for (const offset of await samples(join(folder.dir, name), 24)) {
        expect(await verdictAfter(folder, dir => flipBit(join(dir, name), offset))).toBe('harmless')
      }
      for (const length of [0, 1, 100, 511]) expect(await verdictAfter(folder, dir => truncate(join(dir, name), length))).toBe('harmless')
      expect(await verdictAfter(folder, dir => rm(join(dir, name)))).toBe('harmless')
    })
  }

  test('opening makes both copies whole again', async () => {
    const folder = await crashed()
    const verdict = await verdictAfter(folder, async dir => {
      await flipBit(`${dir}/watermark-a`, 20)
      expect(await openIn(dir)).not.toBeInstanceOf(RaftError)
      await flipBit(`${dir}/watermark-b`, 20)
    })
    expect(verdict).toBe('harmless')
  })

  test('in both copies means nobody knows the votes: the folder is as good as wiped', async () => {
    const folder = await crashed()
    const both = async (change: (path: string) => Promise<void>) =>
      verdictAfter(folder, async dir => {
        await change(`${dir}/watermark-a`)
        await change(`${dir}/watermark-b`)
      })
    expect(await both(path => flipBit(path, 100))).toBe('detected')
    expect(await both(path => truncate(path, 0))).toBe('detected')
    expect(await both(path => rm(path))).toBe('detected')
    expect(
      await both(async path => {
        await rm(path)
        await rm(join(path, '..', logFolders[log]), { recursive: true, force: true })
        await cp(join(folder.dir, 'watermark-a'), join(path, '..', 'snapshots', 'some.snap'))
      }),
    ).toBe('detected')
  })

  test('of another format is refused by its number', async () => {
    const folder = await crashed()
    const { crc32 } = await import('node:zlib')
    for (const name of ['watermark-a', 'watermark-b']) {
      const bytes = await readFile(join(folder.dir, name))
      bytes[4] = 2
      bytes.writeUInt32BE(crc32(bytes.subarray(4)))
      await writeFile(join(folder.dir, name), bytes)
    }
    expect(await openIn(folder.dir)).toMatchObject({ code: 'FOLDER_VERSION', message: expect.stringMatching(/format 2.*reads format 1/) })
  })
})

describe.each(kinds)('%s: a torn tail', kind => {
  beforeEach(() => {
    log = kind
  })

  /** A power cut: the watermark on disk is of entry 20, the log had gone on to 40. */
  async function cutOff(): Promise<RealFolder> {
    const { folder, store } = await founded()
    await save(store, 1, range(1, 1, 20))
    const marks = ['watermark-a', 'watermark-b']
    for (const name of marks) await cp(join(folder.dir, name), join(folder.dir, '..', name))
    for (let index = 21; index <= 40; index++) await save(store, 1, [entry(1, index)])
    await folder.crash()
    for (const name of marks) await cp(join(folder.dir, '..', name), join(folder.dir, name))
    return folder
  }

  test('above the watermark is cut, and never reaches below it', async () => {
    const folder = await cutOff()
    const { name: wal, bytes } = await written(folder.dir, log)
    const lengths = new Set<number>()
    for (const offset of await samples(join(folder.dir, wal), 40, bytes)) {
      const copy = join(folder.dir, '..', 'copy')
      await rm(copy, { recursive: true, force: true })
      await cp(folder.dir, copy, { recursive: true })
      await flipBit(join(copy, wal), offset)
      const opened = await openIn(copy)
      if (opened instanceof RaftError) throw opened
      if (opened.damage !== undefined) continue
      const { entries } = opened.state
      expect(entries).toEqual(range(1, 1, entries.length))
      expect(entries.length).toBeGreaterThanOrEqual(20)
      lengths.add(entries.length)
      const again = await openIn(copy)
      expect(again).toMatchObject({ state: { entries } })
    }
    expect(lengths.size).toBeGreaterThan(2)
  })

  test('that was cut is written over, and stays so', async () => {
    const folder = await cutOff()
    const { name: wal, bytes } = await written(folder.dir, log)
    await flipBit(join(folder.dir, wal), bytes - 10)
    const store = folder.logStore()
    const { entries } = (await store.open()).state
    expect(entries.length).toBe(39)
    await save(store, 2, range(2, 40, 45))
    await folder.crash()
    expect(await openIn(folder.dir)).toMatchObject({ state: { entries: [...entries, ...range(2, 40, 45)] } })
  })

  test('without damage is believed', async () => {
    const folder = await cutOff()
    expect(await openIn(folder.dir)).toMatchObject({ state: { entries: range(1, 1, 40) } })
  })
})
