import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkLinearizability } from '../../src/lin/check.ts'
import type { Operation } from '../../src/lin/operation.ts'
import { Random } from '../../src/random.ts'
import { isLinearizable } from './brute-force.ts'
import { runRegisters, type Workload, withWrongRead } from './made-histories.ts'

const small = (ops: readonly Operation['op'][], value: fc.Arbitrary<string | null>) =>
  fc.array(
    fc
      .record({
        client: fc.constantFrom(1, 2, 3),
        op: fc.constantFrom(...ops),
        value,
        expected: value,
        ok: fc.boolean(),
        call: fc.nat(8),
        lasts: fc.option(fc.nat(6), { freq: 4 }),
      })
      .map(({ op, value, expected, ok, call, lasts, client }): Operation => {
        const timed = { client, key: 'k', call, return: lasts === null ? null : call + lasts }
        if (op === 'cas') return { ...timed, op, expected, value, ok }
        return op === 'append' ? { ...timed, op, value: value ?? '' } : { ...timed, op, value }
      }),
    { minLength: 1, maxLength: 7 },
  )

describe.each<[string, readonly Operation['op'][], fc.Arbitrary<string | null>]>([
  ['reads and writes', ['read', 'read', 'write'], fc.constantFrom('a', 'b', 'c', null)],
  ['few values', ['read', 'write'], fc.constantFrom('a', null)],
  ['cas', ['read', 'write', 'cas', 'cas'], fc.constantFrom('a', 'b', null)],
  ['cas only', ['read', 'cas'], fc.constantFrom('a', 'b', 'c', null)],
  ['appends', ['read', 'append'], fc.constantFrom('a', 'b', 'ab', 'ba', 'aba', null)],
  ['writes and appends', ['read', 'write', 'append', 'append'], fc.constantFrom('', 'a', 'aa', 'ab', null)],
  ['cas and appends', ['read', 'read', 'cas', 'append'], fc.constantFrom('a', 'b', 'ab', 'ba', null)],
  ['everything', ['read', 'write', 'cas', 'append'], fc.constantFrom('a', 'aa', 'ab', null)],
  ['everything, and pieces of their own', ['read', 'read', 'write', 'cas', 'append'], fc.constantFrom('a', 'b', 'c', 'ab', 'bc')],
])('%s', (_name, ops, value) => {
  test('the verdict is that of trying every order', () => {
    const counts = { good: 0, bad: 0 }
    const property = fc.property(small(ops, value), history => {
      const verdict = checkLinearizability(history)
      const right = isLinearizable(history)
      counts[right ? 'good' : 'bad']++
      expect(verdict.result).toBe(right ? 'linearizable' : 'not linearizable')
      if (verdict.result !== 'not linearizable') return
      expect(isLinearizable(verdict.core)).toBe(false)
      expect(verdict.core.filter(isAnswer).length).toBe(fewestAnswers(history, verdict.impossible))
    })
    fc.assert(property, { numRuns: 3000, seed: 7 })
    expect(Math.min(counts.good, counts.bad)).toBeGreaterThan(200)
  })

  test('runs of a register, and the same with one read changed', () => {
    const counts = { good: 0, bad: 0 }
    for (let seed = 0; seed < 400; seed++) {
      const random = new Random(seed)
      const workload: Workload = { clients: 4, operations: 8, ops, unknown: 0.2, ...(seed % 2 === 0 && { values: 2 }) }
      const history = runRegisters(random, workload)
      expect(isLinearizable(history)).toBe(true)
      expect(checkLinearizability(history).result).toBe('linearizable')
      if (!history.some(({ op }) => op === 'read')) continue
      const wrong = withWrongRead(random, history)
      const right = isLinearizable(wrong)
      counts[right ? 'good' : 'bad']++
      expect(checkLinearizability(wrong).result).toBe(right ? 'linearizable' : 'not linearizable')
    }
    expect(counts.bad).toBeGreaterThan(20)
  })
})

function isAnswer(operation: Operation): boolean {
  return operation.return !== null && (operation.op === 'read' || (operation.op === 'cas' && !operation.ok))
}

/** How many of the answers until then it takes to contradict all that was done until then. */
function fewestAnswers(history: readonly Operation[], last: Operation): number {
  const end = last.return ?? Infinity
  const until = history
    .filter(operation => operation.call <= end && !(isAnswer(operation) && (operation.return ?? 0) > end))
    .map(operation => (operation.return !== null && operation.return > end ? { ...operation, return: null } : operation))
  const others = until.filter(operation => !isAnswer(operation))
  const answers = until.filter(isAnswer)
  const contradicting = Array.from({ length: 2 ** answers.length }, (_, choice) => answers.filter((_answer, at) => (choice >> at) & 1))
  return Math.min(...contradicting.filter(some => !isLinearizable([...others, ...some])).map(({ length }) => length))
}

const workloads: readonly (readonly [string, Workload])[] = [
  ['unique values', { clients: 50, operations: 1500, ops: ['read', 'write'] }],
  ['repeated values', { clients: 50, operations: 1500, values: 5, ops: ['read', 'write'] }],
  ['many unknown writes', { clients: 50, operations: 1500, unknown: 0.3, ops: ['read', 'write'] }],
  ['many unknown writes of few values', { clients: 50, operations: 1500, values: 5, unknown: 0.3, ops: ['read', 'write'] }],
  ['cas', { clients: 50, operations: 1000, unknown: 0.05, ops: ['read', 'write', 'cas'] }],
  ['cas with few values', { clients: 10, operations: 600, values: 5, ops: ['read', 'write', 'cas'] }],
  ['appends', { clients: 50, operations: 600, unknown: 0.1, ops: ['read', 'append'] }],
  ['writes and appends', { clients: 10, operations: 600, unknown: 0.05, ops: ['read', 'write', 'append'] }],
  ['everything', { clients: 50, operations: 1000, unknown: 0.05, ops: ['read', 'write', 'cas', 'append'] }],
  ['everything, ten clients', { clients: 10, operations: 3000, unknown: 0.05, ops: ['read', 'write', 'cas', 'append'] }],
  ['cas and appends', { clients: 50, operations: 1000, unknown: 0.05, ops: ['read', 'cas', 'append'] }],
  ['cas with few values, 50 clients', { clients: 50, operations: 600, unknown: 0.05, values: 5, ops: ['read', 'write', 'cas'] }],
  ['ten keys', { clients: 50, operations: 3000, keys: 10, unknown: 0.02, ops: ['read', 'write', 'cas'] }],
]

test.each<[string, readonly Operation['op'][]]>([
  ['reads, writes and cas', ['read', 'write', 'cas']],
  ['reads and appends', ['read', 'append']],
  ['reads, writes and appends', ['read', 'write', 'append']],
  ['everything', ['read', 'write', 'cas', 'append']],
])('10,000 operations over ten keys take no time: %s', (_name, ops) => {
  const history = runRegisters(new Random(1), { clients: 50, operations: 10_000, keys: 10, ops })
  const began = performance.now()
  expect(checkLinearizability(history)).toEqual({ result: 'linearizable' })
  // A second is the goal; on a machine that is busy with other tests it may take some more.
  expect(performance.now() - began).toBeLessThan(4_000)
})

describe.each(workloads)('many clients: %s', (_name, workload) => {
  test('what happened is linearizable', () => {
    for (let seed = 0; seed < 3; seed++)
      expect(checkLinearizability(runRegisters(new Random(seed), workload))).toEqual({ result: 'linearizable' })
  })

  test('a value that was overwritten long ago is not', () => {
    const history = runRegisters(new Random(1), { ...workload, unknown: 0 })
    const end = Math.max(...history.map(({ return: returned }) => returned ?? 0))
    const { key } = history[0]!
    const old = history.find(operation => operation.key === key && operation.op === 'read' && operation.value !== null)?.value
    const late = (at: number, op: 'read' | 'write' | 'append', value: string): Operation => ({
      client: 'x',
      op,
      key,
      value,
      call: end + at,
      return: end + at + 1,
    })
    const wrong = [...history, late(1, workload.ops.includes('append') ? 'append' : 'write', 'new'), late(3, 'read', `${old}`)]
    const verdict = checkLinearizability(wrong)
    expect(verdict).toMatchObject({ result: 'not linearizable', impossible: { client: 'x', op: 'read' } })
  })
})
