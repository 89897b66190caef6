import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RaftError } from '../../src/errors.ts'
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

  async function readThrough(read: AsyncIterable<Uint8Array>): Promise<string> {
    try {
      for await (const _ of read);
      return 'believed'
    } catch (error) {
      return error instanceof RaftError ? error.code : String(error)
    }
  }
})
