import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const heap = new URL('../src/node/heap.ts', import.meta.url).href
/** Values that are old when they are overwritten, as a node's are. Prints what the heap has grown to, in megabytes. */
const churn = `
const values = Array.from({ length: 60_000 }, (_, i) => Buffer.alloc(250, i % 90 + 32).toString('latin1'))
let most = 0
for (let i = 0; i < 900_000; i++) {
  values[i % values.length] = Buffer.alloc(250, i % 90 + 32).toString('latin1')
  if (i % 20_000 === 0) most = Math.max(most, process.memoryUsage().heapTotal)
}
console.log(Math.round(most / 1e6))`
const starting = `import { holdGarbage } from '${heap}'\nconst started = holdGarbage()\n`
const bounded = `${starting}started()\n${churn}`
/** Values that stay, as at a start. Prints how often garbage was looked for step by step. */
const grow = `
import { constants, PerformanceObserver } from 'node:perf_hooks'
let steps = 0
const observer = new PerformanceObserver(list => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) steps++
})
observer.observe({ entryTypes: ['gc'] })
const values = []
for (let turn = 0; turn < 60; turn++) {
  for (let i = 0; i < 8_000; i++) values.push(Buffer.alloc(250, i % 90 + 32).toString('latin1'))
  await new Promise(resolve => setImmediate(resolve))
}
console.log(steps)`

test('garbage that was old when it died does not add up to a multiple of what lives', () => {
  const [free, bound] = [printed(churn), printed(bounded)]
  expect(bound).toBeLessThan(0.9 * free)
})

test('until a node has started, garbage is not looked for step by step', () => {
  expect(printed(starting + grow)).toBe(0)
  expect(printed(`${starting}started()\n${grow}`)).toBeGreaterThan(0)
  expect(printed(starting + grow, '--incremental-marking')).toBeGreaterThan(0)
})

test('a flag that was given to Node stays as it is', () => {
  expect(printed(bounded, '--heap-growing-percent=300')).toBeGreaterThan(1.1 * printed(bounded))
})

function printed(program: string, ...flags: string[]): number {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const args = [...flags, '--import', 'tsx', '--input-type=module', '-e', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return Number(stdout)
}
