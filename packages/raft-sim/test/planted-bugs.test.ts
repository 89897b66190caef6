import { expect, test } from 'vitest'
import type { CoreRun } from '../src/index.ts'
import { allInvariants, simulateCore } from '../src/index.ts'
import { liveness } from '../src/invariants/liveness.ts'
import {
  acknowledgesBeforeSave,
  countsLearners,
  countsVotesTwice,
  forgetsCommitAtRestart,
  forgetsVoteAtRestart,
  readsWithoutQuorum,
} from './support/planted-bugs.ts'

/** The invariants that break first, seed by seed, until the bug was found. */
function hunt(createCore: CoreRun['createCore'], seeds: number, options: Partial<CoreRun> = {}): string | undefined {
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure } = simulateCore({ seed, events: 6000, ...(createCore && { createCore }), ...options })
    // Recovery is always watched; who leaves liveness out wants to know what else breaks.
    const counts = failure?.invariant !== 'liveness' || (options.invariants ?? allInvariants).includes(liveness)
    if (failure !== undefined && counts) return failure.invariant
  }
  return undefined
}

const without = (...names: string[]) => ({ invariants: allInvariants.filter(({ name }) => !names.includes(name)) })

/** Members come and go, votes split, and nodes lose power just after they have promised something. */
const storm: CoreRun['scenario'] = drawn => ({
  ...drawn,
  voters: Math.min(4, Math.max(3, drawn.voters)),
  learners: 0,
  snapshotEvery: 100_000,
  faults: {
    ...drawn.faults,
    crashAtSaveRate: 0.03,
    campaignMs: drawn.timeoutMs,
    membershipMs: drawn.timeoutMs / 3,
    partition: { everyMs: drawn.timeoutMs * 4, lastsMs: [drawn.timeoutMs, drawn.timeoutMs * 8] },
  },
})

test('acknowledged before it is saved', () => {
  expect(hunt(acknowledgesBeforeSave, 3)).toBe('persist-before-send')
})

test('acknowledged before it is saved, with nobody watching the messages', () => {
  expect(hunt(acknowledgesBeforeSave, 10, without('persist-before-send'))).toBe('commit-validity')
})

test('the vote forgotten at a restart', () => {
  expect(hunt(forgetsVoteAtRestart, 10)).toBe('monotonic-state')
})

test('the vote forgotten at a restart, with nobody watching the restart', () => {
  expect(hunt(forgetsVoteAtRestart, 100, { ...without('monotonic-state'), scenario: storm })).toBe('one-vote')
})

test('the commit index forgotten at a restart', () => {
  expect(hunt(forgetsCommitAtRestart, 10)).toBe('monotonic-state')
})

test('the commit index forgotten at a restart, with nobody watching the restart: membership changes then lose what was committed', () => {
  expect(hunt(forgetsCommitAtRestart, 100, { ...without('monotonic-state', 'liveness'), scenario: storm })).toMatch(
    /leader-completeness|election-safety|commit/,
  )
})

test('reads answered without asking a quorum', () => {
  expect(hunt(readsWithoutQuorum, 5)).toBe('read-index')
})

test('a learner counted towards the majority', () => {
  expect(hunt(countsLearners, 20)).toBe('commit-validity')
})

test('one vote counted for all voters', () => {
  expect(hunt(countsVotesTwice, 200, { scenario: storm })).toMatch(/election-safety|leader-completeness/)
})

test('the core itself passes the same storm', () => {
  expect(hunt(undefined, 10, { ...without('liveness'), scenario: storm })).toBeUndefined()
})
