import type { Message } from 'raft-core'
import { expect, test, vi } from 'vitest'
import { noFaults } from '../../src/check/bounds.ts'
import { canonical } from '../../src/check/canonical.ts'
import { Cluster } from '../../src/check/cluster.ts'
import type { Input } from '../../src/check/inputs.ts'
import { ownInputs } from '../../src/check/inputs.ts'
import type { LocalState } from '../../src/check/local-states.ts'
import type { NodeView } from '../../src/check/node-view.ts'
import type { SearchOptions } from '../../src/check/search.ts'
import { search } from '../../src/check/search.ts'
import { nodeIds, renamings } from '../../src/check/symmetry.ts'

// A search is a second's work for a machine that has nothing else to do.
vi.setConfig({ testTimeout: 120_000 })

const bounds = (given: Partial<SearchOptions['bounds']>) => ({ bounds: { ...noFaults, ...given } })

const small = [
  { terms: 2 },
  { terms: 1, disk: 'slow' },
  { terms: 1, entries: 1 },
  { terms: 1, crashes: 1 },
  { terms: 1, preVote: true, timeouts: 1 },
  { voters: 2, terms: 1, changes: 1 },
  { voters: 2, others: 1, terms: 1, changes: 1 },
] as const

test.each(small)('the names of the nodes make no difference: %o', given => {
  const merged = search({ ...bounds(given), countsOrbits: true })
  const apart = search({ ...bounds(given), symmetric: false })
  expect(merged).toMatchObject({ exhausted: true, failure: undefined, depth: apart.depth })
  expect(apart).toMatchObject({ exhausted: true, failure: undefined })
  expect(merged.distinct).toBeLessThan(apart.distinct)
  // Every state that was kept stands for as many as there are ways to name its nodes.
  expect(merged.unmerged).toBe(apart.distinct)
})

test('the same bounds give the same counts', () => {
  const first = search(bounds({ terms: 1, entries: 1 }))
  expect(search(bounds({ terms: 1, entries: 1 }))).toEqual(first)
  expect(first.levels.reduce((sum, count) => sum + count, 0)).toBe(first.distinct)
})

test('more is more', () => {
  const counts = [{ terms: 1 }, { terms: 1, entries: 1 }, { terms: 1, entries: 1, duplicates: 1 }].map(
    given => search(bounds(given)).distinct,
  )
  expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  expect(new Set(counts).size).toBe(3)
})

test('it stops when told to, and says how deep it went', () => {
  const result = search({ ...bounds({ terms: 2, entries: 1 }), isEnough: ({ depth }) => depth > 12 })
  expect(result).toMatchObject({ exhausted: false, failure: undefined, depth: 13 })
})

test('the first message of a leader reaches every follower, so something is committed', () => {
  const given = bounds({ terms: 1, entries: 1 })
  const cluster = new Cluster(given)
  search(given, cluster)
  const views = cluster.local.states.items.map(({ view }) => view)
  expect(Math.max(...views.map(({ commit }) => commit))).toBe(3)
  expect(views.some(({ role, applied }) => role === 'follower' && applied === 3)).toBe(true)
  expect(views.some(({ reigns }) => reigns.length > 0 && reigns[0]!.commit === 3)).toBe(true)
})

test.each([
  { terms: 1, entries: 1, disk: 'slow', crashes: 1 },
  { terms: 1, preVote: true, timeouts: 2, heartbeats: 1 },
  { terms: 1, changes: 1, crashes: 1 },
] as const)('states that count as one do the same, whatever comes: %o', given => {
  const options = bounds(given)
  const cluster = new Cluster(options)
  search({ ...options, isEnough: ({ distinct }) => distinct > 20_000 }, cluster)
  const { items } = cluster.local.states
  const inputs = [
    ...ownInputs(options.bounds, nodeIds(options.bounds)).map(({ input }) => input),
    ...cluster.local.messages.items.map(deliver),
  ]
  const texts = new Map(items.map(state => [textOf(cluster, state), state]))
  let compared = 0
  for (let number = 0; number < items.length && compared < 60; number += 5) {
    const state = items[number]!
    for (const input of inputs.filter(input => isPossible(input, state.view))) {
      const met = { ...state, parent: state, input }
      const kept = texts.get(textOf(cluster, met))
      if (kept === undefined || (kept.parent === state && kept.input === input)) continue
      compared++
      for (const next of inputs.filter(input => isPossible(input, kept.view))) {
        const from = (state: LocalState) => outcome(cluster, { ...state, parent: state, input: next })
        expect(from(met)).toBe(from(kept))
      }
    }
  }
  expect(compared).toBeGreaterThan(0)
})

function deliver(message: Message): Input {
  return { type: 'deliver', message }
}
function isPossible(input: Input, { id, role, leaseHolds }: NodeView): boolean {
  if (input.type === 'deliver') return input.message.to === id
  if (input.type === 'lease ends') return leaseHolds
  if (input.type === 'heartbeat') return role === 'leader'
  return input.type !== 'crash' && !(input.type === 'time out' && role === 'leader')
}
const plain = (cluster: Cluster) => renamings(cluster.bounds, false)[0]!
function textOf(cluster: Cluster, state: LocalState): string {
  return cluster.local.revive(state).encode(plain(cluster))
}
function outcome(cluster: Cluster, state: LocalState): string {
  const live = cluster.local.revive(state)
  const sent = live.sent.map(({ message }) => canonical(message, plain(cluster)))
  return `${live.encode(plain(cluster))} ${sent.sort().join('\n')}`
}
