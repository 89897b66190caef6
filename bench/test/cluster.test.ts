import { describe, expect, test } from 'vitest'
import { Cluster } from '../src/core/cluster.ts'
import { freshEntry, loads, play } from '../src/core/loads.ts'
import { measureOperations } from '../src/core/operations.ts'
import { Ours } from '../src/core/ours.ts'

describe.each(loads)('$title', load => {
  test('commits what it says, on all three', () => {
    const cluster = new Cluster()
    playRounds(cluster, 3)
    expect(cluster.nodes.map(({ commands }) => commands)).toEqual([1, 1, 1].map(() => 3 * load.entries))
    expect(cluster.committed).toBe(3 * load.entries)
    const positions = cluster.nodes.map(({ raft }) => [raft.commit, raft.applied])
    expect(new Set(positions.map(String)).size).toBe(1)
  })

  test('proposes as often as it says', () => {
    const cluster = new Cluster()
    playRounds(cluster, 1)
    const before = cluster.messages
    playRounds(cluster, 1)
    // To both followers the entries and their answers, then the commit index and the answers to that: for every proposal.
    expect(cluster.messages - before).toBe(8 * (load.together ? 1 : load.entries))
  })

  function playRounds(cluster: Cluster, rounds: number): void {
    let left = rounds
    play(cluster, load, () => left-- > 0)
  }
})

test('entries are fresh, and of 256 bytes', () => {
  const [first, second] = [freshEntry(), freshEntry()]
  expect(first).toHaveLength(256)
  first.fill(0)
  expect(second.every(byte => byte === 7)).toBe(true)
})

test('a compacted log keeps the newest 10,000 entries', () => {
  const cluster = new Cluster()
  play(cluster, loads.find(({ name }) => name === 'batch')!, () => cluster.committed < 50_000)
  cluster.compact()
  for (const { raft } of cluster.nodes) {
    const { first, applied, last } = raft.status()
    expect([applied - first + 1, last.index]).toEqual([10_000, applied])
  }
})

test('a sample is measured in a process of its own', async () => {
  const { committed, seconds, rate, messages, cpuSeconds, cpuSecondsInAll } = await new Ours('sources').load('one', 0, 0.05)
  expect(committed).toBeGreaterThan(0)
  expect(rate).toBeCloseTo(committed / seconds)
  expect(messages).toBe(8 * committed)
  expect(cpuSecondsInAll).toBeGreaterThan(cpuSeconds)
})

test('single operations are measured too', async () => {
  const operations = await measureOperations(0.01)
  expect(operations.length).toBeGreaterThan(3)
  for (const { median, p99, samples } of operations) {
    expect(samples).toBeGreaterThan(0)
    expect(p99).toBeGreaterThanOrEqual(median)
  }
})
