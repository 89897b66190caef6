import { expect, test, vi } from 'vitest'
import { describeBounds, noFaults } from '../../src/check/bounds.ts'
import { parseArguments, runCheck, surpriseIn } from '../../src/check/command.ts'
import { ladder } from '../../src/check/ladder.ts'
import { search } from '../../src/check/search.ts'

// A search is a second's work for a machine that has nothing else to do.
vi.setConfig({ testTimeout: 120_000 })

const run = (...args: string[]): { readonly text: string; readonly exitCode: number } => {
  let text = ''
  let now = 0
  const terminal = {
    write(more: string) {
      text += more
    },
    nowMs: () => ++now,
  }
  const exitCode = runCheck(parseArguments(args), terminal)
  return { text, exitCode }
}

test('a bound that holds prints its counts as recorded', () => {
  const { text, exitCode } = run('--bound', 'duplicates')
  expect(text).toContain('3 nodes, 2 terms, 1 duplicate')
  expect(text).toContain(`${ladder.find(({ name }) => name === 'duplicates')!.golden.distinct}`)
  expect(text).toMatch(/exhausted\n\n0 violations in 1 bounds\n$/)
  expect(exitCode).toBe(0)
})

test('a bound that is stopped says so', () => {
  expect(run('--bound=duplicates', '--seconds=0.002').text).toMatch(/stopped\n\n0 violations/)
})

test('other counts than recorded are a failure', () => {
  const result = search({ bounds: { ...noFaults, terms: 1 } })
  const { generated, distinct, depth } = result
  expect(surpriseIn({ golden: { generated, distinct, depth } }, result)).toBeUndefined()
  expect(surpriseIn({ golden: { generated, distinct: distinct + 1, depth } }, result)).toMatch(/distinct/)
  expect(surpriseIn({ golden: { generated: generated - 1, distinct, depth } }, result)).toMatch(/generated/)
})

test('what was never exhausted is compared as deep as it was recorded', () => {
  const result = search({ bounds: { ...noFaults, terms: 1 } })
  const distinct = result.levels.slice(0, 6).reduce((sum, count) => sum + count)
  expect(surpriseIn({ golden: { generated: undefined, distinct, depth: 5 } }, result)).toBeUndefined()
  expect(surpriseIn({ golden: { generated: undefined, distinct: distinct - 1, depth: 5 } }, result)).toMatch(/to depth 5/)
  // Stopped before it got there: nothing to compare.
  expect(surpriseIn({ golden: { generated: undefined, distinct: 1, depth: 99 } }, { ...result, exhausted: false })).toBeUndefined()
})

test('a path can be walked again', () => {
  const { text, exitCode } = run('--bound', 'elections', '--replay', '1')
  expect(text).toMatch(/^ {2}1 {2}n1 times out\n/)
  expect(exitCode).toBe(0)
  expect(() => run('--bound', 'elections', '--replay', '999')).toThrow(/no step 999 is possible here/)
})

test('the ladder has a name for every rung, at least three nodes, two terms and one entry', () => {
  expect(new Set(ladder.map(({ name }) => name)).size).toBe(ladder.length)
  expect(ladder.some(({ bounds, full }) => !full && bounds.voters >= 3 && bounds.terms >= 2 && bounds.entries >= 1)).toBe(true)
  expect(new Set(ladder.map(({ bounds }) => describeBounds(bounds))).size).toBe(ladder.length)
})

test.each([
  ['--bound', 'none'],
  ['--what'],
  ['--seconds', '0'],
  ['--seconds'],
  ['--replay', '1'],
  ['--bound', 'elections', '--replay', 'x'],
])('refuses %s %s', (...args) => {
  expect(() => parseArguments(args)).toThrow(RangeError)
})
