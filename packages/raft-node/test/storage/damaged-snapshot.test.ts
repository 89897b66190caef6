import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RaftError } from '../../src/errors.ts'
import { FileSnapshotStore } from '../../src/storage/file-snapshot-store.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { flipBit, samples } from './damage.ts'
import { RealFolder } from './worlds.ts'

describe('a damaged snapshot', () => {
  async function* data() {
    yield new Uint8Array(700_000).fill(7)
  }

  test('is not listed, or fails while it is read; the others stay', async () => {
    const folder = await RealFolder.make()
    onTestFinished(() => folder.dispose())
    const store = folder.snapshotStore()
    const about = {
      membership: { voters: ['n1'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] },
      membershipIndex: 1,
    }
    const older = await store.write({ term: 1, index: 5, chain: 5, members: [], ...about }, data())
    await store.write({ term: 1, index: 9, chain: 9, members: [], ...about }, data())
    const [, name] = await readdir(`${folder.dir}/snapshots`)
    const path = `${folder.dir}/snapshots/${name}`
    const { size } = await stat(path)
    const whole = await readFile(path)

    const outcomes: string[] = []
    const check = async () => {
      const bad: string[] = []
      const reader = folder.snapshotStore(at => bad.push(at))
      const [first, second] = await reader.list()
      expect(second ?? first).toEqual(older)
      if (second === undefined) expect(bad).toEqual([path])
      outcomes.push(second === undefined ? 'not listed' : await readThrough(reader.read(first as typeof older)))
    }
    const head = Array.from({ length: 20 }, (_, i) => i)
    const tail = Array.from({ length: 100 }, (_, i) => size - 1 - i)
    for (const offset of [...head, ...(await samples(path, 40)), ...tail]) {
      await flipBit(path, offset)
      await check()
      await flipBit(path, offset)
    }
    for (const length of await samples(path, 20)) {
      await truncate(path, length)
      await check()
      await writeFile(path, whole)
    }
    expect(new Set(outcomes)).toEqual(new Set(['not listed', 'CORRUPT']))
  })

  const membership = { voters: ['n1'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
  const at = (index: number) => ({ term: 1, index, chain: index, members: [], membership, membershipIndex: 1 })

  test('that somebody has tried to read is not what anybody falls back on: the one before it stays', async () => {
    const folder = await RealFolder.make()
    onTestFinished(() => folder.dispose())
    const store = folder.snapshotStore()
    const indices = async () => (await store.list()).map(({ index }) => index)
    await store.write(at(5), data())
    const damaged = await store.write(at(9), data())
    const [, name] = await readdir(`${folder.dir}/snapshots`)
    await flipBit(`${folder.dir}/snapshots/${name}`, 300_000)
    expect(await readThrough(store.read(damaged))).toBe('CORRUPT')
    await store.write(at(12), data())
    await store.keep(2)
    expect(await indices()).toEqual([12, 9, 5])
    await store.write(at(15), data())
    await store.keep(2)
    expect(await indices()).toEqual([15, 12])
  })

  test('whose head lies in sectors that are lost is passed over, and a process with too many files is not mistaken for one', async () => {
    const folder = await RealFolder.make()
    onTestFinished(() => folder.dispose())
    await folder.snapshotStore().write(at(5), data())
    await folder.snapshotStore().write(at(9), data())
    let code: string | undefined
    const failure = async (): Promise<never> => {
      throw Object.assign(new Error(`${code}: that is how it is`), { code })
    }
    const open: typeof nodeFiles.open = async path => {
      const file = await nodeFiles.open(path)
      return file && code !== undefined && path.includes('09-') ? { ...file, readAt: failure } : file
    }
    const bad: string[] = []
    const onBad = (path: string, error: RaftError) => bad.push(`${error.code} ${path.endsWith('09-0000000000000001.snap')}`)
    const store = new FileSnapshotStore({ files: { ...nodeFiles, open }, folder: `${folder.dir}/snapshots`, onBad })
    code = 'EIO'
    expect((await store.list()).map(({ index }) => index)).toEqual([5])
    expect(bad).toEqual(['CORRUPT true'])
    code = 'EMFILE'
    await expect(store.list()).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE', message: expect.stringMatching(/EMFILE.*start the node/) })
    code = undefined
    expect((await store.list()).map(({ index }) => index)).toEqual([9, 5])
  })

  async function readThrough(read: AsyncIterable<Uint8Array>): Promise<string> {
    try {
      for await (const _ of read);
      return 'believed'
    } catch (error) {
      return error instanceof RaftError ? error.code : String(error)
    }
  }
})
