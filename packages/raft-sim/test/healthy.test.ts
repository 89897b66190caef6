import { expect, test } from 'vitest'
import { simulateHealthy } from '../src/index.ts'
import { healthyLines } from '../src/report.ts'

test('in a healthy cluster nothing is lost in an hour: what was written and read is done, with one leader', () => {
  const result = simulateHealthy()
  const { coverage, failure, nodes, simulatedMs, faults } = result
  expect(failure).toBeUndefined()
  expect({ nodes, faults }).toEqual({ nodes: 5, faults: [] })
  expect(simulatedMs).toBeGreaterThanOrEqual(3_600_000)
  for (const mark of ['leader change', 'crash', 'lost message', 'only a quorum healed'] as const)
    expect([mark, coverage.count(mark)]).toEqual([mark, 0])
  // One a second, of which some reach a node that does not lead: such a write is refused, and a read is passed on.
  expect(coverage.count('committed write')).toBeGreaterThan(2500)
  expect(coverage.count('linearizable read')).toBeGreaterThan(3000)
  expect(coverage.count('snapshot taken')).toBeGreaterThan(0)
  expect(healthyLines(result, result.simulatedMs / 1000)).toContain('processor time: 1000 times faster than real time')
})
