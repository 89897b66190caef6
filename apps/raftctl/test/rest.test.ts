import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepCompiledAtRest } from '../src/node/rest.ts'

vi.mock('node:v8', () => ({ setFlagsFromString: vi.fn(), getHeapStatistics: vi.fn() }))

const second = 1_000
const minute = 60 * second
let part = 0
let active = 0
let last = 0

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] })
  vi.mocked(setFlagsFromString).mockClear()
  useHeap(1e8)
  last = Date.now()
  vi.spyOn(performance, 'eventLoopUtilization').mockImplementation((now, before) => {
    active += part * (Date.now() - last)
    last = Date.now()
    const [from, to] = [before ?? { idle: 0, active: 0 }, now ?? { idle: last - active, active }]
    const used = { idle: to.idle - from.idle, active: to.active - from.active }
    return { ...used, utilization: used.active / (used.idle + used.active) }
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

test('V8 is kept from looking for garbage, and from losing what it compiled, while a node rests, and no longer', () => {
  keepCompiledAtRest()
  expect(told(0.5, 20 * second)).toEqual([])
  expect(told(0.01, 20 * second)).toEqual(['--no-incremental-marking'])
  expect(told(0.5, 20 * second)).toEqual(['--incremental-marking'])
  expect(told(0.01, minute)).toEqual(['--no-incremental-marking'])
})

test('what lies between rest and work changes nothing', () => {
  keepCompiledAtRest()
  expect(told(0.07, minute)).toEqual([])
  told(0.01, minute)
  expect(told(0.07, minute)).toEqual([])
})

test('a large heap is always looked through step by step', () => {
  keepCompiledAtRest()
  useHeap(1e9)
  expect(told(0.01, minute)).toEqual([])
})

test('after ten minutes of rest memory is given back, once', () => {
  keepCompiledAtRest()
  told(0.01, 9.5 * minute)
  expect(told(0.01, minute)).toEqual(['--incremental-marking'])
  expect(told(0.2, 20 * second)).toEqual([])
  expect(told(0.01, 60 * minute)).toEqual([])
  told(0.5, second)
  expect(told(0.01, minute)).toEqual(['--no-incremental-marking'])
})

test('a node at rest goes on where there is no room for what makes V8 look for garbage', () => {
  const noRoom = vi.fn(() => {
    throw new RangeError('Array buffer allocation failed')
  })
  vi.stubGlobal('ArrayBuffer', noRoom)
  keepCompiledAtRest()
  expect(told(0.01, 20 * minute)).toEqual(['--no-incremental-marking', '--incremental-marking'])
  expect(noRoom).toHaveBeenCalledOnce()
})

test('what whoever started Node said stays', () => {
  vi.spyOn(process, 'execArgv', 'get').mockReturnValue(['--no-memory-reducer'])
  keepCompiledAtRest()
  expect(told(0.01, 20 * minute)).toEqual([])
})

test('V8 does look for garbage after a long rest, and step by step', () => {
  const steps = (longMs: number) => `
import { PerformanceObserver, constants } from 'node:perf_hooks'
import { keepCompiledAtRest } from '${new URL('../src/node/rest.ts', import.meta.url).href}'
const end = word => { console.log(word); process.exit() }
new PerformanceObserver(list => {
  if (list.getEntries().some(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL)) end('steps')
}).observe({ entryTypes: ['gc'] })
keepCompiledAtRest({ everyMs: 200, longMs: ${longMs}, givingMs: 1_000 })
setTimeout(end, ${longMs > 1_000 ? 3_000 : 10_000}, 'none')`
  expect(printed(steps(1_000))).toBe('steps\n')
  expect(printed(steps(100_000))).toBe('none\n')
})

function printed(program: string): string {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const args = ['--import', 'tsx', '--input-type=module', '-e', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  return stdout === '' ? stderr : stdout
}

function useHeap(bytes: number): void {
  vi.mocked(getHeapStatistics).mockReturnValue({ used_heap_size: bytes } as ReturnType<typeof getHeapStatistics>)
}

/** What V8 is told while the event loop is in use for so large a part of so many milliseconds. */
function told(inUse: number, ms: number): string[] {
  part = inUse
  vi.mocked(setFlagsFromString).mockClear()
  vi.advanceTimersByTime(ms)
  return vi.mocked(setFlagsFromString).mock.calls.map(([flag]) => flag)
}
