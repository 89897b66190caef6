import { expect, test } from 'vitest'
import { loads } from '../src/core/loads.ts'
import { type CoreResult, type Measured, type Pair, reportOf } from '../src/core/report.ts'

const alone: CoreResult = {
  rendition: 'dist',
  warmUp: 1,
  seconds: 3,
  etcd: { absent: 'Go is not installed' },
  loads: loads.map(load => ({ load, pairs: [{ ours: sample(100_000) }, { ours: sample(300_000) }, { ours: sample(200_000) }] })),
  heap: [1, 2, 10].map(millions => ({ entries: millions * 1e6, heap: (10 + millions) * 1e6, buffers: 5e6 })),
  operations: [{ title: 'a read', median: 1.5, p99: 2.25, max: 9, samples: 1234 }],
}
const pairs: readonly Pair[] = [
  { ours: sample(200_000, 2), etcd: sample(100_000), etcdOnTwo: sample(250_000) },
  { ours: sample(90_000, 2), etcd: sample(100_000), etcdOnTwo: sample(100_000) },
  { ours: sample(150_000, 2), etcd: sample(100_000), etcdOnTwo: sample(100_000) },
]

test('without Go, one plain sentence and our figures', () => {
  const report = reportOf(alone)
  expect(report).toContain("\netcd's core was not measured: Go is not installed.\n")
  expect(report).toContain('200,000 (100,000–300,000)')
  expect(report).not.toContain('theirs')
})

test('with it, medians, spreads, ratios and whether the goal is met', () => {
  const report = reportOf({ ...alone, etcd: { go: 'go1.26.8' }, loads: [{ load: loads[0]!, pairs }] })
  expect(report).toContain('go.etcd.io/raft/v3 v3.6.0, go1.26.8) alternates with it, 3 times for each load')
  const rows = report.split('\n').map(line => line.trim().split(/ {2,}/))
  expect(rows).toContainEqual(['raft-core', '150,000 (90,000–200,000)', '2.00 (2.00–2.00)'])
  const etcd = ['100,000 (100,000–100,000)', '1.00 (1.00–1.00)', '1.50 (0.90–2.00)', 'met', '0.75 (0.45–1.00)']
  expect(rows).toContainEqual(['etcd, GOMAXPROCS=1', ...etcd])
  const onTwo = ['100,000 (100,000–250,000)', '1.00 (1.00–1.00)', '0.90 (0.80–1.50)', '0.45 (0.40–0.75)']
  expect(rows).toContainEqual(['etcd, GOMAXPROCS=2', ...onTwo])
})

test('on a busy machine it says which figures hold', () => {
  const busy = { ...sample(1000), foreignCores: 1.5 }
  expect(reportOf({ ...alone, loads: [{ load: loads[0]!, pairs: [{ ours: busy }] }] })).toContain('only what is per CPU second holds')
  expect(reportOf(alone)).not.toContain('per CPU second')
})

test('the heap is judged from the second to the last million', () => {
  expect(reportOf(alone)).toContain('17.0 MB at 2 million entries, 25.0 MB at 10 million entries: +8.0 MB (goal: at most +5 MB, missed).')
})

function sample(rate: number, cpuSeconds = 1): Measured {
  return { committed: rate, seconds: 1, rate, messages: 8 * rate, cpuSeconds, cpuSecondsInAll: 3, foreignCores: 0 }
}
