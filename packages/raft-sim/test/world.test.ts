import type { Entry, Message } from 'raft-core'
import { expect, test } from 'vitest'
import { Coverage } from '../src/coverage.ts'
import { drawScenario } from '../src/faults.ts'
import { Random } from '../src/random.ts'
import type { DiskBatch } from '../src/world/disk.ts'
import { Disk } from '../src/world/disk.ts'
import { Network } from '../src/world/network.ts'
import { Schedule } from '../src/world/schedule.ts'

test('streams of chance depend on the seed and their name only', () => {
  const draw = (random: Random) => Array.from({ length: 5 }, () => random.next())
  const parent = new Random(7)
  const before = draw(parent.fork('disk'))
  draw(parent)
  expect(draw(parent.fork('disk'))).toEqual(before)
  expect(draw(parent.fork('network'))).not.toEqual(before)
  expect(draw(new Random(7))).not.toEqual(draw(new Random(8)))
})

test('chance is spread evenly', () => {
  const random = new Random(1)
  const counts = [0, 0, 0, 0, 0]
  for (let i = 0; i < 10_000; i++) counts[random.below(5)]!++
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200)
})

test('events run in the order of their times; those of one moment in an order of the seed', () => {
  const order = (seed: number) => {
    const schedule = new Schedule(new Random(seed))
    const ran: string[] = []
    for (const delay of [30, 10, 20]) for (const name of 'abcd') schedule.after(delay, () => ran.push(`${delay}${name}`))
    for (let i = 0; i < 12; i++) schedule.step()
    return ran
  }
  expect(order(1).map(name => name.slice(0, 2))).toEqual([...Array(4).fill('10'), ...Array(4).fill('20'), ...Array(4).fill('30')])
  expect(order(1)).toEqual(order(1))
  expect(order(1)).not.toEqual(order(2))
})

function batch(term: number, first: number, last: number): DiskBatch {
  const entries: Entry[] = []
  for (let index = first; index <= last; index++) entries.push({ index, term, type: 'empty' })
  const hardState = { term, vote: undefined, commit: first - 1 }
  return { hardState, entries, chains: entries.map(({ index }) => index * 100 + term), snapshot: undefined, snapshotChain: 0 }
}

test('a crash keeps what was synced, and of the rest the oldest batches or none', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 50; seed++) {
    const disk = new Disk()
    const synced = batch(1, 1, 3)
    disk.write(synced)
    disk.sync(synced)
    disk.write(batch(2, 3, 4))
    disk.write(batch(3, 5, 5))
    disk.crash(new Random(seed))
    const { entries, hardState } = disk.restore()
    seen.add(`term ${hardState!.term}: ${entries!.map(({ index, term }) => `${index}@${term}`).join(' ')}`)
  }
  expect([...seen].sort()).toEqual(['term 1: 1@1 2@1 3@1', 'term 2: 1@1 2@1 3@2 4@2', 'term 3: 1@1 2@1 3@2 4@2 5@3'])
})

test('what is written without a sync is kept with the next one that is synced', () => {
  const disk = new Disk()
  disk.write(batch(1, 1, 1))
  const second = batch(1, 2, 2)
  disk.write(second)
  expect(disk.log.last).toBe(0)
  disk.sync(second)
  expect([disk.log.last, disk.log.chainAt(1), disk.term]).toEqual([2, 101, 1])
})

test('the network loses, repeats and reorders, and respects a partition in each direction', () => {
  const random = new Random(3)
  const schedule = new Schedule(random)
  const arrived: number[] = []
  const faults = { ...drawScenario(random).faults, lossRate: 0.2, duplicateRate: 0.2, lateRate: 0.1, lateMs: 100 }
  const network = new Network(
    { schedule, coverage: new Coverage(), random, faults },
    message => arrived.push(message.term),
    () => {},
  )
  const send = (from: string, to: string, term: number) => {
    const message: Message = { type: 'heartbeatReply', from, to, term, readToken: 0 }
    network.send(from, message)
  }
  network.partition(['n1', 'n2'], from => from !== 'n2')
  for (let term = 1; term <= 100; term++) send('n1', 'n2', term)
  for (let term = 101; term <= 200; term++) send('n2', 'n1', term)
  schedule.after(1e9, () => {})
  while (schedule.now < 1e9) schedule.step()
  expect(arrived.every(term => term <= 100)).toBe(true)
  expect(new Set(arrived).size).toBeLessThan(100)
  expect(arrived.length).toBeGreaterThan(new Set(arrived).size)
  expect(arrived).not.toEqual(arrived.toSorted((a, b) => a - b))
})
