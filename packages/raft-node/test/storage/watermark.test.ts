import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock } from '../../src/ports.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { type Mark, Watermark } from '../../src/storage/watermark.ts'

let folder: string
let timers: { delayMs: number; run: () => void }[]

beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/raft-watermark-`)
  timers = []
})
afterEach(() => rm(folder, { recursive: true }))

const clock: Clock = {
  now: () => 0,
  after(delayMs, run) {
    const timer = { delayMs, run }
    timers.push(timer)
    return { cancel: () => void timers.splice(timers.indexOf(timer), 1) }
  },
  random: () => 0,
  uniqueId: () => '',
}

const make = () =>
  new Watermark({
    files: nodeFiles,
    folder,
    clock,
    onFailure: error => {
      throw error
    },
  })

function mark(index: number): Mark {
  const identity = { clusterId: 'c'.repeat(32), nodeId: 'n'.repeat(64), incarnation: '1'.repeat(32) }
  return { identity, term: 2 ** 53 - 1, vote: 'v'.repeat(64), index, chain: 2 ** 48 - 1, repairing: false }
}

const copies = async () => (await make().find()).copies.map(copy => copy.mark.index)

test('a copy is written over only while the other is durable', async () => {
  const watermark = make()
  await watermark.find()
  await watermark.begin(mark(0))
  expect(await copies()).toEqual([0, 0])
  for (const index of [1, 2, 3]) await watermark.set(mark(index), { sync: false })
  expect(await copies()).toEqual([3, 0])
  expect(timers.map(({ delayMs }) => delayMs)).toEqual([50])
  await watermark.set(mark(4), { sync: true })
  expect(timers).toEqual([])
  await watermark.set(mark(5), { sync: false })
  expect(await copies()).toEqual([5, 4])
  timers.splice(0)[0]?.run()
  await watermark.set(mark(6), { sync: false })
  expect(await copies()).toEqual([6, 5])
  await watermark.close({ sync: true })
  expect(await copies()).toEqual([6, 5])
  expect(timers).toEqual([])
})

test('once it is about to be closed a write sets no timer any more, and closing makes it durable', async () => {
  const watermark = make()
  await watermark.find()
  await watermark.begin(mark(0))
  await watermark.set(mark(1), { sync: false })
  watermark.stopWaiting()
  expect(timers).toEqual([])
  await watermark.set(mark(2), { sync: false })
  expect(timers).toEqual([])
  await watermark.close({ sync: true })
  expect(await copies()).toEqual([2, 0])
})

test('whichever copy is torn, the other says what it said', async () => {
  const watermark = make()
  await watermark.find()
  await watermark.begin(mark(7))
  await watermark.set(mark(8), { sync: true })
  await watermark.close({ sync: true })
  for (const [name, left] of [
    ['watermark-a', 7],
    ['watermark-b', 8],
  ] as const) {
    const whole = await readFile(`${folder}/${name}`)
    for (let torn = 1; torn < whole.length; torn += 37) {
      await writeFile(`${folder}/${name}`, Buffer.concat([whole.subarray(0, torn), Buffer.alloc(whole.length - torn, 0xaa)]))
      const found = await make().find()
      expect(found.unreadable).toBe(1)
      expect(found.copies.map(copy => copy.mark)).toEqual([mark(left)])
    }
    await writeFile(`${folder}/${name}`, whole)
  }
})

test('the longest ids fit', async () => {
  const watermark = make()
  await watermark.find()
  await watermark.begin(mark(2 ** 53 - 1))
  await watermark.close({ sync: true })
  expect((await make().find()).copies[0]?.mark).toEqual(mark(2 ** 53 - 1))
})
