import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Entry } from 'raft-core'
import { describe, expect, test } from 'vitest'
import { blocksIn, toBlock } from '../../src/blocks.ts'
import { MapState } from '../../src/map-state.ts'
import { Pending } from '../../src/pending.ts'
import type { LogBatch, LogStore } from '../../src/ports.ts'
import { merged, SaveQueue } from '../../src/save-queue.ts'
import { throttled } from '../../src/throttle.ts'
import { Ticker } from '../../src/ticker.ts'
import { deadlineFor } from '../../src/wait.ts'
import { withPauses } from '../../src/with-pauses.ts'
import { MemoryDisk } from './memory-disk.ts'
import { VirtualClock } from './virtual-clock.ts'

const entry = (term: number, index: number): Entry => ({ term, index, type: 'empty' })
const batch = (...entries: Entry[]): LogBatch => ({ hardState: undefined, entries, resetTo: undefined, mustSync: true })

describe('batches that share a save', () => {
  test('later entries replace earlier ones, the last hard state counts', () => {
    const first = { ...batch(entry(1, 5), entry(1, 6), entry(1, 7)), hardState: { term: 1, vote: undefined, commit: 4 } }
    const second = { ...batch(entry(2, 6)), hardState: { term: 2, vote: 'n2', commit: 5 } }
    expect(merged([first, second, { ...batch(), mustSync: false }])).toEqual({
      hardState: { term: 2, vote: 'n2', commit: 5 },
      entries: [entry(1, 5), entry(2, 6)],
      resetTo: undefined,
      mustSync: true,
    })
    expect(merged([])).toBeUndefined()
  })

  test('what gathers during a save goes together; a snapshot begins a save of its own; owners hear in order', async () => {
    const clock = new VirtualClock()
    const disk = new MemoryDisk(clock)
    const told: number[][] = []
    const queue = new SaveQueue<number>(disk.stores().logStore, { saved: owners => told.push([...owners]), failed: () => told.push([-1]) })
    queue.add(1, batch(entry(1, 1)))
    queue.add(2, batch(entry(1, 2)))
    queue.add(3, undefined)
    queue.add(4, { ...batch(entry(2, 11)), resetTo: { position: { term: 2, index: 10 }, chain: 7 } })
    queue.add(5, batch(entry(2, 12)))
    expect(queue.size).toBe(5)
    await clock.run(50)
    expect(told).toEqual([[1], [2, 3], [4, 5]])
    expect(disk.entries.map(({ index }) => index)).toEqual([11, 12])
    disk.mode = 'fails'
    queue.add(6, batch(entry(2, 13)))
    queue.add(7, undefined)
    await clock.run(50)
    expect(told.slice(3)).toEqual([[-1]])
  })

  test('a commit index alone is no save: it goes along with the next one, and its owner does not wait', async () => {
    const saves: LogBatch[] = []
    const told: number[][] = []
    const store = { save: async (saved: LogBatch) => void saves.push(saved) } as unknown as LogStore
    const queue = new SaveQueue<number>(store, { saved: owners => told.push([...owners]), failed: () => told.push([-1]) })
    const committed = (commit: number): LogBatch => ({ ...batch(), hardState: { term: 1, vote: 'n1', commit }, mustSync: false })
    queue.add(1, committed(3))
    queue.add(2, committed(4))
    queue.add(3, undefined)
    expect(told).toEqual([[1], [2], [3]])
    expect(saves).toEqual([])
    queue.add(4, batch(entry(1, 5)))
    queue.add(5, committed(5))
    await new Promise(setImmediate)
    expect(told.slice(3)).toEqual([[4], [5]])
    queue.add(6, batch(entry(1, 6)))
    await new Promise(setImmediate)
    expect(saves.map(({ hardState, entries }) => [hardState?.commit, entries.map(({ index }) => index)])).toEqual([
      [4, [5]],
      [5, [6]],
    ])
    queue.add(7, committed(6))
    await queue.stop()
    expect(saves.at(-1)).toEqual(committed(6))
  })
})

describe('waiting for a position', () => {
  test('each caller is settled once, by what was applied there', async () => {
    const clock = new VirtualClock()
    const pending = new Pending<string>(clock)
    const wait = (term: number, index: number) => pending.add({ term, index }, deadlineFor(clock, { timeoutMs: 100 }))
    const settled = Promise.allSettled([wait(1, 5), wait(2, 5), wait(1, 6), wait(1, 9)])
    pending.applied({ term: 2, index: 5 }, { result: 'done' })
    pending.skipped(6)
    await clock.run(200)
    expect((await settled).map(each => (each.status === 'fulfilled' ? each.value.result : each.reason.code))).toEqual([
      'ENTRY_REPLACED',
      'done',
      'LEADERSHIP_LOST',
      'TIMED_OUT',
    ])
    pending.stop(new Error('stopped'))
    await expect(wait(1, 1)).rejects.toThrow('stopped')
    expect(clock.pending).toEqual([])
  })

  test('callers stand in the order of their indices, however they come and go', async () => {
    const clock = new VirtualClock()
    const pending = new Pending<string>(clock)
    const settled: string[] = []
    const wait = (index: number, timeoutMs: number, term = 1) => {
      const name = `${index} of term ${term}`
      pending.add({ term, index }, deadlineFor(clock, { timeoutMs })).then(
        ({ result }) => settled.push(`${name}: ${result}`),
        error => settled.push(`${name}: ${error.code ?? error.message}`),
      )
    }
    wait(7, 500)
    wait(9, 500)
    wait(8, 50)
    wait(6, 500, 2)
    wait(7, 500, 2)
    wait(10, 50)
    expect(pending.size).toBe(6)
    await clock.run(100)
    expect(settled.splice(0)).toEqual(['8 of term 1: TIMED_OUT', '10 of term 1: TIMED_OUT'])
    const applyAt = async (index: number) => {
      pending.applied({ term: 2, index }, { result: 'done' })
      await clock.run(0)
      return settled.splice(0)
    }
    expect(await applyAt(5)).toEqual([])
    expect(await applyAt(6)).toEqual(['6 of term 2: done'])
    expect((await applyAt(7)).sort()).toEqual(['7 of term 1: ENTRY_REPLACED', '7 of term 2: done'])
    expect(await applyAt(8)).toEqual([])
    wait(12, 500)
    wait(11, 500)
    pending.skipped(11)
    pending.stop(new Error('stopped'))
    await clock.run(0)
    expect(settled).toEqual(['9 of term 1: LEADERSHIP_LOST', '11 of term 1: LEADERSHIP_LOST', '12 of term 1: stopped'])
    expect([pending.size, pending.answered, clock.pending]).toEqual([0, 8, []])
  })

  test('who is done is garbage at once: nothing that grew old points to it', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void
    const clock = new VirtualClock()
    const pending = new Pending<number>(clock)
    const turnOf = async (turn: number) => {
      const first = turn * 300
      const indices = Array.from({ length: 300 }, (_, i) => first + i)
      const applied = indices.map(index => pending.add({ term: 1, index }, deadlineFor(clock)))
      if (turn % 5 === 0) collect({ type: 'minor' })
      for (const index of indices) pending.applied({ term: 1, index }, { result: index })
      await Promise.all(applied)
    }
    for (let turn = 0; turn < 20; turn++) await turnOf(turn)
    collect()
    const before = process.memoryUsage().heapUsed
    for (let turn = 20; turn < 320; turn++) await turnOf(turn)
    for (let i = 0; i < 3; i++) collect({ type: 'minor' })
    expect((process.memoryUsage().heapUsed - before) / 1024 / 1024).toBeLessThan(8)
  })
})

test('a pause is one tick, a small delay is caught up', async () => {
  const clock = new VirtualClock()
  const at: number[] = []
  const late: number[] = [0, 30, 0, 950, 0, 0]
  const slow = {
    ...clock,
    now: () => clock.now(),
    after: (ms: number, run: () => void) => clock.after(ms + (late.shift() ?? 0), run),
    random: () => 0,
    uniqueId: () => '',
  }
  const ticker = new Ticker(slow, 100, () => at.push(clock.now()))
  ticker.start()
  await clock.run(1_500)
  ticker.stop()
  expect(at).toEqual([100, 230, 300, 1_350, 1_450])
})

describe('the state of a replicated map', () => {
  const text = async (state: MapState<unknown>, stream: AsyncIterable<Uint8Array>) => {
    await state.restore(stream)
    return state
  }
  const put = (state: MapState<unknown>, key: string, value: unknown) => state.apply(MapState.setCommand(key, value))

  test('a snapshot is the state as it was; changes during it are kept', async () => {
    const state = new MapState<unknown>()
    for (let i = 0; i < 1_000; i++) put(state, `k${i}`, i)
    const view = state.snapshot()[Symbol.asyncIterator]()
    const chunks = [(await view.next()).value as Uint8Array]
    expect(put(state, 'k1', 'changed')).toBe(true)
    expect(state.apply(MapState.deleteCommand('k2'))).toBe(true)
    expect(put(state, '__proto__', { deep: ['😀', null] })).toBe(false)
    expect([state.get('k1'), state.has('k2'), state.get('__proto__')]).toEqual(['changed', false, { deep: ['😀', null] }])
    const second = await text(new MapState(), state.snapshot())
    for (let step = await view.next(); !step.done; step = await view.next()) chunks.push(step.value)

    const frozen = await text(new MapState(), cutUp(chunks))
    expect([frozen.get('k1'), frozen.get('k2'), frozen.has('__proto__'), frozen.get('k999')]).toEqual([1, 2, false, 999])
    for (const each of [state, second]) expect([each.get('k1'), each.has('k2'), each.has('__proto__')]).toEqual(['changed', false, true])
  })

  test('a block of a snapshot holds so many bytes, however large the values are', async () => {
    const state = new MapState<string>()
    for (let i = 0; i < 300; i++) put(state, `large${i}`, 'x'.repeat(40_000))
    for (let i = 0; i < 5_000; i++) put(state, `small${i}`, 'y')
    const blocks: Uint8Array[] = []
    for await (const block of state.snapshot()) blocks.push(block)
    expect(Math.max(...blocks.map(({ length }) => length))).toBeLessThan(2 * 64 * 1024)
    expect(blocks.length).toBeLessThan(200)
    const again = new MapState<string>()
    await again.restore(cutUp(blocks, 10_000))
    expect([again.get('large299')?.length, again.get('small4999')]).toEqual([40_000, 'y'])
  })

  test('blocks come out whole however the stream is cut; a stream that ends early is refused', async () => {
    const blocks: number[] = []
    for await (const block of blocksIn(cutUp([toBlock(new Uint8Array(3)), toBlock(new Uint8Array(0)), toBlock(new Uint8Array(5))])))
      blocks.push(block.length)
    expect(blocks).toEqual([3, 0, 5])
    await expect(blocksIn(cutUp([toBlock(new Uint8Array(3)).subarray(0, 5)])).next()).rejects.toThrow('ends within a block')
  })

  test('a block in very many chunks is put together once', async () => {
    const size = 256 * 1024
    const before = performance.now()
    const { value } = await blocksIn(cutUp([toBlock(new Uint8Array(size).fill(7))])).next()
    expect((value as Uint8Array).length).toBe(size)
    expect(performance.now() - before).toBeLessThan(2_000) // copied with every chunk: 32 GiB
  })
})

/** So many bytes at a time. */
async function* cutUp(chunks: readonly Uint8Array[], size = 1): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size)
}

test('a throttled stream keeps to its rate on average, and hands on everything', async () => {
  const clock = new VirtualClock()
  const chunks = Array.from({ length: 11 }, () => new Uint8Array(1_000))
  const at: number[] = []
  const read = async () => {
    for await (const _ of throttled(chunksOf(chunks), clock, 10_000)) at.push(clock.now())
  }
  await clock.outcome(read())
  expect(at.length).toBe(11)
  expect(at.at(-1)! - at[0]!).toBe(1_000)
})

test('a stream with pauses lets a millisecond pass after 128 KiB, and hands on everything', async () => {
  const clock = new VirtualClock()
  const chunks = Array.from({ length: 8 }, () => new Uint8Array(64 * 1024))
  const at: number[] = []
  const read = async () => {
    for await (const _ of withPauses(chunksOf(chunks), clock)) at.push(clock.now())
  }
  await clock.outcome(read())
  expect(at.map(time => time - at[0]!)).toEqual([0, 0, 1, 1, 2, 2, 3, 3])
})

async function* chunksOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
