import type { Raft, RaftOptions, Ready } from 'raft-core'
import { createRaft } from 'raft-core'
import { afterEach, expect, test, vi } from 'vitest'
import { noFaults } from '../../src/check/bounds.ts'
import type { SearchOptions } from '../../src/check/search.ts'
import { search } from '../../src/check/search.ts'
import { transcript } from '../../src/check/transcript.ts'
import { altered, countsVotesTwice, forgetsCommitAtRestart, forgetsVoteAtRestart } from '../support/planted-bugs.ts'

// A search is a second's work for a machine that has nothing else to do.
vi.setConfig({ testTimeout: 120_000 })

/** Mistakes in the middle of a rule, which no wrapper can make. */
const planted = vi.hoisted(() => ({ quorum: false, oldTerm: false }))
afterEach(() => {
  Object.assign(planted, { quorum: false, oldTerm: false })
})

vi.mock('../../../raft-core/src/membership/quorum.ts', async importOriginal => {
  const real = await importOriginal<typeof import('../../../raft-core/src/membership/quorum.ts')>()
  return {
    ...real,
    /** Half of them will do. */
    committedIndex(majorities: { voters: readonly string[] }, acknowledged: (id: string) => number | undefined) {
      if (!planted.quorum) return real.committedIndex(majorities as Parameters<typeof real.committedIndex>[0], acknowledged)
      return Math.max(...majorities.voters.map(id => acknowledged(id) ?? 0))
    },
  }
})

vi.mock('../../../raft-core/src/replication/commit.ts', async importOriginal => {
  const real = await importOriginal<typeof import('../../../raft-core/src/replication/commit.ts')>()
  const { committedIndex } = await import('../../../raft-core/src/membership/quorum.ts')
  return {
    ...real,
    advanceCommit(raft: Parameters<typeof real.advanceCommit>[0], leader: Parameters<typeof real.advanceCommit>[1]) {
      if (!planted.oldTerm) return real.advanceCommit(raft, leader)
      const held = committedIndex(raft.membership, id => leader.progress.get(id)?.match)
      const moves = held > raft.log.commit
      if (moves) real.commitTo(raft, held)
      return moves
    },
  }
})

/** What is found first, and in how many steps. */
function hunt(
  given: Partial<SearchOptions['bounds']>,
  options: Omit<SearchOptions, 'bounds'> = {},
): [string | undefined, number | undefined] {
  const { failure } = search({ ...options, bounds: { ...noFaults, ...given } })
  return [failure?.invariant, failure?.path.length]
}

const grantsEverybody = (options: RaftOptions): Raft => {
  const core = createRaft(options)
  return altered(core, {
    ready(): Ready {
      const ready = core.ready()
      const grant = <M extends Ready['sendAfterSave'][number]>(message: M): M =>
        message.type === 'voteReply' && message.term === core.term ? { ...message, granted: true, commit: { term: 0, index: 0 } } : message
      return { ...ready, sendAfterSave: ready.sendAfterSave.map(grant) }
    },
  })
}

test('nothing is found where nothing is planted', () => {
  expect(hunt({ terms: 2, crashes: 1 })).toEqual([undefined, undefined])
})

test('committed by fewer than a majority', () => {
  planted.quorum = true
  expect(hunt({ terms: 1 })).toEqual(['commit-validity', 3])
})

test('committed by fewer than a majority, with nobody counting: the next leader lacks it', () => {
  planted.quorum = true
  expect(hunt({ terms: 2 }, { without: ['commit-validity'] })).toEqual(['leader-completeness', 6])
})

test('an entry of an old term committed by counting', () => {
  planted.oldTerm = true
  expect(hunt({ terms: 2, smallMessages: true })[0]).toBe('commit-validity')
})

test('the vote forgotten at a restart', () => {
  expect(hunt({ terms: 1, crashes: 1 }, { createCore: forgetsVoteAtRestart })).toEqual(['monotonic-state', 2])
})

test('the vote forgotten at a restart, with nobody watching: two leaders of one term', () => {
  const without = ['monotonic-state', 'one-vote']
  expect(hunt({ terms: 1, crashes: 1 }, { createCore: forgetsVoteAtRestart, without })).toEqual(['election-safety', 7])
})

test('the commit index forgotten at a restart', () => {
  expect(hunt({ terms: 1, crashes: 1 }, { createCore: forgetsCommitAtRestart })[0]).toBe('monotonic-state')
})

test('a vote for everybody who asks', () => {
  expect(hunt({ terms: 1 }, { createCore: grantsEverybody })).toEqual(['persist-before-send', 3])
})

test('a vote for everybody who asks, with nobody reading the disk: two leaders of one term', () => {
  expect(hunt({ terms: 1 }, { createCore: grantsEverybody, without: ['persist-before-send'] })).toEqual(['election-safety', 6])
})

test('a vote that counts for all voters', () => {
  expect(hunt({ voters: 4, terms: 1 }, { createCore: countsVotesTwice })[0]).toBe('election-safety')
})

test('with and without symmetry the shortest way is as long', () => {
  for (const createCore of [grantsEverybody, forgetsVoteAtRestart]) {
    expect(hunt({ terms: 1, crashes: 1 }, { createCore, symmetric: false })).toEqual(hunt({ terms: 1, crashes: 1 }, { createCore }))
  }
})

test('the counterexample reads step by step', () => {
  const options: SearchOptions = { bounds: { ...noFaults, terms: 1 }, createCore: grantsEverybody, without: ['persist-before-send'] }
  const { failure } = search(options)
  expect(transcript(options, failure!.path).join('\n')).toMatchInlineSnapshot(`
    "  1  n1 times out
           role role=candidate term=2: no leader
           votes kind=vote granted=1 refused=0 outcome=pending
           → n2 requestVote t2 last=1@1
           → n3 requestVote t2 last=1@1
           candidate term=2 vote=n1 commit=1 log=[]
      2  n2 times out
           role role=candidate term=2: no leader
           votes kind=vote granted=1 refused=0 outcome=pending
           → n1 requestVote t2 last=1@1
           → n3 requestVote t2 last=1@1
           candidate term=2 vote=n2 commit=1 log=[]
      3  n2 receives from n1 requestVote t2 last=1@1
           vote kind=vote candidate=n1 term=2 granted=false: voted for n2
           → n1 voteReply t2 granted
           candidate term=2 vote=n2 commit=1 log=[]
      4  n1 receives from n2 requestVote t2 last=1@1
           vote kind=vote candidate=n2 term=2 granted=false: voted for n1
           → n2 voteReply t2 granted
           candidate term=2 vote=n1 commit=1 log=[]
      5  n1 receives from n2 voteReply t2 granted
           votes kind=vote granted=2 refused=0 outcome=won
           role role=leader term=2: won the election
           append first=2@2 last=2@2
           → n2 appendEntries t2 after=1@1 [2@2:empty] commit=1
           → n3 appendEntries t2 after=1@1 [2@2:empty] commit=1
           leader term=2 vote=n1 commit=1 log=[2@2]
      6  n2 receives from n1 voteReply t2 granted
           votes kind=vote granted=2 refused=0 outcome=won
           role role=leader term=2: won the election
           append first=2@2 last=2@2
           → n1 appendEntries t2 after=1@1 [2@2:empty] commit=1
           → n3 appendEntries t2 after=1@1 [2@2:empty] commit=1
           leader term=2 vote=n2 commit=1 log=[2@2]"
  `)
})
