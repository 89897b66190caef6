import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Entry, payloadBytes } from '../src/log/entry.ts'
import { PackedEntries } from '../src/log/packed-entries.ts'

/** Around the sizes of blocks, and of what is too long for one. */
const bytes = fc.oneof(fc.nat(300), fc.constantFrom(0, 255, 256, 257, 5_000, 16_384, 16_385, 300_000))
const kinds = fc.constantFrom('command', 'command', 'command', 'empty', 'membership')
const arrivals = fc.array(fc.record({ type: kinds, bytes, later: fc.constantFrom(0, 0, 0, 1) }), { minLength: 1, maxLength: 60 })
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })

function entriesOf(list: readonly { type: string; bytes: number; later: number }[], first: number): Entry[] {
  let term = 3
  return list.map(({ type, bytes, later }, i) => {
    term += later
    const position = { term, index: first + i }
    if (type === 'empty') return { ...position, type }
    const data = Uint8Array.from({ length: bytes }, (_, at) => at * 7 + i)
    if (type === 'command') return { ...position, type, data }
    return { ...position, type: 'membership', change: { transition: 'auto', changes: [], context: data } }
  })
}

function packed(entries: readonly Entry[]): PackedEntries {
  const held = new PackedEntries()
  for (const entry of entries) held.push(entry)
  return held
}

const command = (index: number, data: Uint8Array): Entry => ({ term: 1, index, type: 'command', data })

test('what went in comes out, from any place to any other, also when the first are dropped and more follow', () => {
  fc.assert(
    fc.property(arrivals, places, arrivals, (list, [dropped, from, to], more) => {
      const before = entriesOf(list, 5)
      const held = packed(before)
      const base = 4 + Math.floor(dropped! * before.length)
      if (base > 4) held.dropTo(base)
      const entries = [...before, ...entriesOf(more, 5 + before.length)]
      for (const entry of entries.slice(before.length)) held.push(entry)

      for (const entry of entries.slice(base - 4)) {
        expect(held.at(entry.index)).toEqual(entry)
        expect(held.termAt(entry.index)).toBe(entry.term)
        expect(held.payloadBytesAt(entry.index)).toBe(payloadBytes(entry))
      }
      const left = entries.length - (base - 4)
      const first = base + 1 + Math.floor(from! * left)
      const last = first - 1 + Math.floor(to! * (base + left - first + 1))
      expect(held.slice(first, last)).toEqual(entries.slice(first - 5, last - 4))
    }),
    { numRuns: 100 },
  )
})

test('after all was forgotten, a log may go on anywhere', () => {
  const held = packed(entriesOf([{ type: 'empty', bytes: 0, later: 0 }], 1))
  held.clear()
  held.push(command(90, Uint8Array.of(1, 2)))
  expect(held.slice(90, 90)).toEqual([command(90, Uint8Array.of(1, 2))])
})

test('nobody shares the memory: neither who brought an entry, nor who asked for it, nor who has it when it is dropped', () => {
  const data = new Uint8Array(1_000).fill(1)
  const held = packed(Array.from({ length: 2_000 }, (_, i) => command(i + 1, data)))
  data.fill(2)
  expect(held.at(7)).toEqual(command(7, new Uint8Array(1_000).fill(1)))

  const [asked] = held.slice(1_500, 1_501) as readonly { data: Uint8Array }[]
  asked?.data.fill(3)
  expect(held.at(1_500)).toEqual(command(1_500, new Uint8Array(1_000).fill(1)))

  const kept = held.slice(1_500, 2_000)
  held.dropTo(2_000)
  held.push(command(2_001, new Uint8Array(1_000).fill(4)))
  expect(kept).toEqual(Array.from({ length: 501 }, (_, i) => command(1_500 + i, new Uint8Array(1_000).fill(1))))
})

test('of a long command that is a view, the rest of the memory is not kept', () => {
  const message = new Uint8Array(1_000_000).fill(5)
  const kept = packed([command(1, message.subarray(100, 20_100))]).at(1) as { data: Uint8Array }
  expect(kept.data).toEqual(new Uint8Array(20_000).fill(5))
  expect(kept.data.buffer.byteLength).toBe(20_000)
})

test('what is dropped is given back to the system at once, and not when garbage is collected', () => {
  const MiB = 1024 * 1024
  const data = new Uint8Array(1_024).fill(1)
  const held = packed(Array.from({ length: 128 * 1024 }, (_, i) => command(i + 1, data)))
  const full = process.memoryUsage.rss()
  held.dropTo(64 * 1024)
  const half = process.memoryUsage.rss()
  held.dropTo(128 * 1024)
  const none = process.memoryUsage.rss()
  expect(full - half).toBeGreaterThan(40 * MiB)
  expect(half - none).toBeGreaterThan(60 * MiB)
})

test('a log that needs no memory for long keeps none to spare, and goes on with what it gave back', () => {
  const MiB = 1024 * 1024
  const data = new Uint8Array(1_024).fill(1)
  const held = packed(Array.from({ length: 16 * 1024 }, (_, i) => command(i + 1, data)))
  held.dropTo(15 * 1024)
  for (let i = 0; i < 99; i++) held.tick()
  const before = process.memoryUsage.rss()
  held.tick()
  expect(before - process.memoryUsage.rss()).toBeGreaterThan(7 * MiB)
  for (let index = 16 * 1024 + 1; index <= 32 * 1024; index++) held.push(command(index, new Uint8Array(1_024).fill(index % 251)))
  for (const index of [15 * 1024 + 1, 20_000, 32 * 1024]) expect(held.at(index)).toMatchObject({ index, term: 1 })
  expect(held.at(20_000)).toEqual(command(20_000, new Uint8Array(1_024).fill(20_000 % 251)))
})

test('entries without bytes are forgotten, too', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const held = new PackedEntries()
  const pushed = (from: number, to: number) => {
    for (let index = from; index <= to; index++) {
      held.push({ term: 1, index, type: 'empty' })
      if (index % 1_000 === 0) held.dropTo(index - 100)
    }
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = pushed(1, 20_000)
  expect(pushed(20_001, 500_000) - before).toBeLessThan(1024 * 1024)
})
