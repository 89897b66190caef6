import { expect, test, vi } from 'vitest'
import type { Application, ObservedMachine } from '../src/index.ts'
import { foldText, prove } from '../src/index.ts'

/** Adds one and the value of `more`; `keeps`: what a snapshot keeps of the sum. */
function counter(more: () => number, keeps: (sum: number) => number = sum => sum): Application<number> {
  const create = (): ObservedMachine<number> => {
    let sum = 0
    return {
      machine: {
        apply: () => (sum += 1 + more()),
        async *snapshot() {
          yield new TextEncoder().encode(String(keeps(sum)))
        },
        async restore(data) {
          let text = ''
          for await (const chunk of data) text += new TextDecoder().decode(chunk)
          sum = Number(text)
        },
      },
      digest: () => foldText(0, String(sum)),
      answer: () => String(sum),
    }
  }
  return {
    create,
    resultCodec: { encode: sum => new TextEncoder().encode(String(sum)), decode: bytes => Number(new TextDecoder().decode(bytes)) },
    command: (_random, number) => ({ bytes: new TextEncoder().encode(String(number)), text: `add ${number}` }),
    question: () => 'sum',
  }
}

vi.setConfig({ testTimeout: 60_000 })

const few = { seeds: 3, events: 1000 }

test('a state machine that does the same everywhere holds', async () => {
  const { failure, seeds, coverage } = await prove({ application: counter(() => 0), ...few, seeds: 6 })
  expect([failure, seeds]).toEqual([undefined, 6])
  expect(coverage.count('committed write')).toBeGreaterThan(60)
})

test('chance in the state machine', async () => {
  const { failure } = await prove({ application: counter(() => (Math.random() < 0.5 ? 1 : 0)), ...few })
  expect(failure?.message).toContain('Math random was used in a simulated world')
})

test('something that instances share', async () => {
  let applied = 0
  const { failure, explanation } = await prove({ application: counter(() => ++applied % 2), ...few })
  expect(failure?.invariant).toMatch(/state-machine-safety|client/)
  expect(explanation).toContain(`VIOLATION of ${failure?.invariant}: seed ${failure?.seed}`)
})

test('a snapshot that forgets', async () => {
  const { failure } = await prove({
    application: counter(
      () => 0,
      () => 0,
    ),
    ...few,
  })
  expect(failure?.invariant).toBe('state-machine-safety')
})
