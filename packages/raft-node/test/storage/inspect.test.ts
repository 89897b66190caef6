import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from 'raft-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inspect } from '../../src/inspect/index.ts'
import type { LogStore } from '../../src/ports.ts'
import { logFolders } from '../../src/storage/folder-layout.ts'
import { flipBit } from './damage.ts'
import { RealFolder } from './worlds.ts'

const identity = { clusterId: 'c'.repeat(32), nodeId: 'n1', incarnation: '1'.repeat(32) }
const command = (term: number, index: number): Entry => ({ term, index, type: 'command', data: new Uint8Array(index).fill(index) })
const about = (term: number, index: number) => ({ term, index, type: 'command', bytes: index })

async function* state() {
  yield new Uint8Array(300_000).fill(7)
}
const membership = { voters: ['n1'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }

describe.each(['level', 'wal'] as const)('%s: a folder', log => {
  let folder: RealFolder
  let store: LogStore

  beforeEach(async () => {
    folder = await RealFolder.make({ log })
    store = folder.logStore()
    await store.open()
    await store.initialize(identity)
  })
  afterEach(() => folder.dispose())

  const save = (term: number, entries: readonly Entry[]) =>
    store.save({ hardState: { term, vote: 'n2', commit: 0 }, entries, resetTo: undefined, mustSync: true })

  /** Ten entries and a snapshot at 4, left by a process that was killed. */
  async function left(): Promise<string> {
    for (let index = 1; index <= 7; index++) await save(2, [command(2, index)])
    await save(3, [command(3, 8), command(3, 9), command(3, 10)])
    const chain = store.chainAt(4) as number
    await folder.snapshotStore().write({ index: 4, term: 2, chain, membership, membershipIndex: 1, members: [] }, state())
    await store.compact(4)
    await folder.crash()
    return folder.dir
  }

  /** Where the newest batches are: the largest file of the log, and how much of it was written. */
  async function written(dir: string): Promise<{ readonly path: string; readonly bytes: number }> {
    const names = (await readdir(join(dir, logFolders[log]))).filter(name => /\.(wal|log)$/.test(name))
    const path = join(dir, logFolders[log], names.at(-1) as string)
    const bytes = await readFile(path)
    return { path, bytes: bytes.length - [...bytes].reverse().findIndex(byte => byte !== 0) }
  }

  test('that is sound is told in full, and left exactly as it was', async () => {
    const dir = await left()
    const before = await picture(dir)
    expect(await inspect(dir)).toMatchObject({
      logStore: log,
      verdict: 'sound',
      damage: undefined,
      identity,
      hardState: { term: 3, vote: 'n2' },
      base: { term: 2, index: 4 },
      entries: [about(2, 5), about(2, 6), about(2, 7), about(3, 8), about(3, 9), about(3, 10)],
      watermarks: [
        { file: 'watermark-a', state: 'whole', identity },
        { file: 'watermark-b', state: 'whole', identity },
      ],
      snapshots: [{ index: 4, term: 2, bytes: 300_000, voters: ['n1'], damage: undefined }],
    })
    expect(await picture(dir)).toEqual(before)
    const opened = await folder.logStore().open()
    expect(opened.state.entries).toHaveLength(6)
  })

  test('that is damaged says where, and is left as it was', async () => {
    const dir = await left()
    const { path, bytes } = await written(dir)
    await flipBit(path, Math.floor(bytes * 0.7))
    const before = await picture(dir)
    const { verdict, damage } = await inspect(dir)
    expect(verdict).toBe('damaged')
    expect(damage).toMatch(/entr(y|ies)|term/)
    if (log === 'wal') expect(damage).toMatch(/0001\.wal .* at byte \d+/)
    expect(await picture(dir)).toEqual(before)
    expect((await folder.logStore().open()).damage).toBeDefined()
  })

  test('without a readable copy of the watermark', async () => {
    const dir = await left()
    await flipBit(join(dir, 'watermark-a'), 30)
    await truncate(join(dir, 'watermark-b'), 0)
    const { verdict, damage, watermarks } = await inspect(dir)
    expect(watermarks).toEqual([
      { file: 'watermark-a', state: 'unreadable' },
      { file: 'watermark-b', state: 'absent' },
    ])
    expect([verdict, damage]).toEqual(['damaged', expect.stringMatching(/neither copy/)])
  })

  test('that holds parts of another one, or what is left of one, as a start finds it', async () => {
    const dir = await left()
    const other = await RealFolder.make({ log })
    const stranger = other.logStore()
    await stranger.open()
    await stranger.initialize({ ...identity, nodeId: 'n9', incarnation: '9'.repeat(32) })
    await stranger.close()
    for (const name of ['watermark-a', 'watermark-b']) await copyFile(join(other.dir, name), join(dir, name))
    expect(await inspect(dir)).toMatchObject({ verdict: 'damaged', damage: expect.stringMatching(/files of two folders were mixed/) })
    await expect(folder.logStore().open()).rejects.toThrow(/files of two folders were mixed/)
    await other.dispose()

    const fresh = await RealFolder.make({ log })
    const empty = fresh.logStore()
    await empty.open()
    await empty.close()
    await mkdir(join(fresh.dir, 'snapshots'))
    await copyFile(join(dir, 'snapshots', (await readdir(join(dir, 'snapshots')))[0] ?? ''), join(fresh.dir, 'snapshots', 'x.snap'))
    const remains = { verdict: 'damaged', damage: expect.stringMatching(/the log is gone, but something beside it remains/) }
    expect(await inspect(fresh.dir)).toMatchObject(remains)
    await rm(join(fresh.dir, 'snapshots'), { recursive: true })
    for (const name of ['watermark-a', 'watermark-b']) await writeFile(join(fresh.dir, name), 'x'.repeat(512))
    expect(await inspect(fresh.dir)).toMatchObject(remains)
    await expect(fresh.logStore().open()).rejects.toThrow(/something beside it remains/)
    await fresh.dispose()
  })

  test('whose log is gone, or whose snapshots are', async () => {
    const dir = await left()
    const [snapshot = ''] = await readdir(join(dir, 'snapshots'))
    await flipBit(join(dir, 'snapshots', snapshot), 1_000)
    expect(await inspect(dir)).toMatchObject({ verdict: 'damaged', damage: expect.stringMatching(/begins after entry 4, and no snapshot/) })
    const { path } = await written(dir)
    if (log === 'wal') await truncate(path, 0)
    else await rm(join(dir, 'log', 'CURRENT'))
    expect(await inspect(dir)).toMatchObject({ verdict: 'damaged', damage: expect.any(String), entries: [] })
  })

  test('that a node uses is not touched', async () => {
    await expect(inspect(folder.dir)).rejects.toMatchObject({ code: 'FOLDER_IN_USE', message: expect.stringContaining(folder.dir) })
    await save(1, [command(1, 1)])
    expect(store.chainAt(1)).toBeDefined()
  })

  test('in which nothing was saved is new', async () => {
    await store.close()
    expect(await inspect(folder.dir)).toMatchObject({ verdict: 'sound', identity, entries: [], snapshots: [] })
    await rm(join(folder.dir, logFolders[log]), { recursive: true })
    await expect(inspect(folder.dir)).rejects.toMatchObject({ code: 'FOLDER_FOREIGN', message: expect.stringMatching(/holds no log/) })
    const fresh = await RealFolder.make({ log })
    const other = fresh.logStore()
    await other.open()
    await other.close()
    expect(await inspect(fresh.dir)).toMatchObject({ verdict: 'new', identity: undefined })
    await fresh.dispose()
  })

  test('that is none', async () => {
    await store.close()
    const dir = join(folder.dir, 'snapshots')
    await expect(inspect(dir)).rejects.toMatchObject({ code: 'FOLDER_FOREIGN' })
    await writeFile(join(folder.dir, 'thesis.tex'), '')
    expect((await inspect(folder.dir)).verdict).toBe('sound')
    await rm(join(folder.dir, logFolders[log]), { recursive: true })
    await expect(inspect(folder.dir)).rejects.toMatchObject({ code: 'FOLDER_FOREIGN', message: expect.stringContaining('thesis.tex') })
  })
})

test('a torn tail is what a start drops', async () => {
  const folder = await RealFolder.make({ log: 'wal' })
  const store = folder.logStore()
  await store.open()
  await store.initialize(identity)
  const put = (index: number) =>
    store.save({ hardState: { term: 1, vote: 'n1', commit: 0 }, entries: [command(1, index)], resetTo: undefined, mustSync: true })
  await put(1)
  const marks = await Promise.all(['a', 'b'].map(name => readFile(join(folder.dir, `watermark-${name}`))))
  await put(2)
  await put(3)
  await folder.crash()
  for (const [i, name] of ['a', 'b'].entries()) await writeFile(join(folder.dir, `watermark-${name}`), marks[i] as Buffer)
  const path = join(folder.dir, 'wal', '0000000000000001.wal')
  const bytes = await readFile(path)
  await flipBit(path, bytes.length - [...bytes].reverse().findIndex(byte => byte !== 0) - 2)
  expect(await inspect(folder.dir)).toMatchObject({
    verdict: 'torn',
    damage: expect.stringMatching(/byte \d+/),
    entries: [about(1, 1), about(1, 2)],
  })
  await folder.dispose()
})

/** Every file with its bytes and the times of its last changes. */
async function picture(dir: string): Promise<unknown> {
  const names = (await readdir(dir, { recursive: true })).sort()
  return Promise.all(
    names.map(async name => {
      const path = join(dir, name)
      const { mtimeMs, ctimeMs, size } = await stat(path)
      const isFolder = (await stat(path)).isDirectory()
      return { name, mtimeMs, ctimeMs, size, bytes: isFolder ? '' : (await readFile(path)).toString('base64') }
    }),
  )
}
