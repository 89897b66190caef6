import { expect, test } from 'vitest'
import { simulateCore } from '../src/index.ts'

const events = 3000

test('the same seed does the same', () => {
  for (const seed of [1, 2, 3]) expect(simulateCore({ seed, events }).hash).toBe(simulateCore({ seed, events }).hash)
})

test('another seed does something else', () => {
  expect(simulateCore({ seed: 1, events }).hash).not.toBe(simulateCore({ seed: 2, events }).hash)
})

test('reading along changes nothing', () => {
  const lines: string[] = []
  const read = simulateCore({ seed: 4, events, print: line => lines.push(line) })
  expect(read.hash).toBe(simulateCore({ seed: 4, events }).hash)
  expect(lines.length).toBeGreaterThan(events)
})

test('where only a quorum recovers, and the others stay broken for ever, the cluster lives again', () => {
  const results = Array.from({ length: 20 }, (_, at) => simulateCore({ seed: at + 1, events: 1000 }))
  expect(results.filter(({ coverage }) => coverage.count('only a quorum healed') > 0).length).toBeGreaterThan(1)
  expect(results.filter(({ failure }) => failure !== undefined)).toEqual([])
})
