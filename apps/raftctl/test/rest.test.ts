import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepCompiledAtRest } from '../src/node/rest.ts'

vi.mock('node:v8', () => ({ setFlagsFromString: vi.fn() }))

const second = 1_000
const minute = 60 * second
let utilization = 0
let stop = () => {}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.mocked(setFlagsFromString).mockClear()
  vi.spyOn(performance, 'eventLoopUtilization').mockImplementation(() => ({ idle: 0, active: 0, utilization }))
})

afterEach(() => {
  stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('V8 is kept from looking for garbage, and from losing what it compiled, while a node rests, and no longer', () => {
  stop = keepCompiledAtRest()
  expect(told(0.5, 20 * second)).toEqual([])
  expect(told(0.01, 20 * second)).toEqual(['--no-incremental-marking'])
  expect(told(0.5, 20 * second)).toEqual(['--incremental-marking'])
  expect(told(0.01, minute)).toEqual(['--no-incremental-marking'])
})

test('after ten minutes of rest memory is given back, once', () => {
  stop = keepCompiledAtRest()
  told(0.01, 9 * minute)
  expect(told(0.01, 2 * minute)).toEqual(['--incremental-marking'])
  expect(told(0.01, 60 * minute)).toEqual([])
  told(0.5, second)
  expect(told(0.01, minute)).toEqual(['--no-incremental-marking'])
})

test('what whoever started Node said stays', () => {
  vi.spyOn(process, 'execArgv', 'get').mockReturnValue(['--no-memory-reducer'])
  stop = keepCompiledAtRest()
  expect(told(0.01, 20 * minute)).toEqual([])
})

test('V8 does look for garbage after a long rest', () => {
  const program = `
import { PerformanceObserver, constants } from 'node:perf_hooks'
import { keepCompiledAtRest } from '${new URL('../src/node/rest.ts', import.meta.url).href}'
setTimeout(() => console.log('none'), 20_000)
new PerformanceObserver(list => {
  if (!list.getEntries().some(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR)) return
  console.log('major')
  process.exit()
}).observe({ entryTypes: ['gc'] })
keepCompiledAtRest({ everyMs: 100, longMs: 500, givingMs: 1_000 })`
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd, encoding: 'utf8' })
  expect(stdout).toBe('major\n')
})

/** What V8 is told while the event loop is in use for `part` of so many milliseconds. */
function told(part: number, ms: number): string[] {
  utilization = part
  vi.mocked(setFlagsFromString).mockClear()
  vi.advanceTimersByTime(ms)
  return vi.mocked(setFlagsFromString).mock.calls.map(([flag]) => flag)
}
