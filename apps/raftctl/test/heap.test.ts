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
const bounded = `import { boundGarbage } from '${heap}'\nboundGarbage()\n${churn}`

test('garbage that was old when it died does not add up to a multiple of what lives', () => {
  const [free, bound] = [heapAfter(churn), heapAfter(bounded)]
  expect(bound).toBeLessThan(0.9 * free)
})

test('a flag that was given to Node stays as it is', () => {
  expect(heapAfter(bounded, '--heap-growing-percent=300')).toBeGreaterThan(1.1 * heapAfter(bounded))
})

function heapAfter(program: string, ...flags: string[]): number {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const args = [...flags, '--import', 'tsx', '--input-type=module', '-e', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return Number(stdout)
}
