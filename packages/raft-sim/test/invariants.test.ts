import type { Message } from 'raft-core'
import { describe, expect, test } from 'vitest'
import { checkQuorum } from '../src/invariants/check-quorum.ts'
import { commitValidity } from '../src/invariants/commit-validity.ts'
import { configSafety } from '../src/invariants/config-safety.ts'
import { electionSafety } from '../src/invariants/election-safety.ts'
import { allInvariants } from '../src/invariants/index.ts'
import type { Invariant } from '../src/invariants/invariant.ts'
import { leaderAppendOnly } from '../src/invariants/leader-append-only.ts'
import { leaderCompleteness } from '../src/invariants/leader-completeness.ts'
import { LivenessWatch, liveness } from '../src/invariants/liveness.ts'
import { logMatching } from '../src/invariants/log-matching.ts'
import { monotonicState } from '../src/invariants/monotonic-state.ts'
import { oneVote } from '../src/invariants/one-vote.ts'
import { persistBeforeSend } from '../src/invariants/persist-before-send.ts'
import { readIndex } from '../src/invariants/read-index.ts'
import { repair } from '../src/invariants/repair.ts'
import { stateMachineSafety } from '../src/invariants/state-machine-safety.ts'
import { transfer } from '../src/invariants/transfer.ts'
import { change, command, History, membershipOf } from './support/history.ts'

const three = membershipOf(['n1', 'n2', 'n3'])
const nowhere = { term: 0, index: 0 }

const grant = (from: string, to: string, term: number): Message => ({
  type: 'voteReply',
  from,
  to,
  term,
  granted: true,
  commit: { term: 0, index: 0 },
})
const accept = (from: string, to: string, term: number, index: number): Message => ({
  type: 'appendReply',
  from,
  to,
  term,
  session: 0,
  accepted: true,
  index,
  hint: nowhere,
})

function of(invariant: Invariant, membership = three): History {
  return new History(invariant, membership, ['n4'])
}
/** The last thing told breaks the invariant, and nothing before it. */
function expectViolation(invariant: Invariant, told: (history: History) => void, message: RegExp, membership = three): void {
  expect(() => told(of(invariant, membership))).toThrow(message)
}

test('there is one file for each property, and each says where it comes from', () => {
  // Reads have two: confirmed by a quorum, or by a lease.
  const numbered = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11].map(n => `3.${n}`)
  expect(allInvariants.map(({ section }) => section)).toEqual([...numbered, '2', '2', '3.13', '3.14'])
})

test('a sound history breaks nothing', () => {
  for (const invariant of allInvariants) {
    of(invariant)
      .committed('n1', 2, 4)
      .becomes('n2', { commit: 4 })
      .applies('n1', command(2, 2))
      .applies('n2', command(2, 2))
      .sends(accept('n2', 'n1', 2, 4))
      .sends(grant('n2', 'n1', 1))
      .leads('n3', 3)
      .appends('n3', command(5, 3))
  }
})

describe('election safety', () => {
  test('two leaders of one term, one after the other', () => {
    expectViolation(electionSafety, h => h.leads('n1', 2).becomes('n1', { role: 'follower', term: 3 }).leads('n2', 2), /n1 had led already/)
  })
  test('a leader that half of the voters have elected', () => {
    const four = membershipOf(['n1', 'n2', 'n3', 'n4'])
    expectViolation(electionSafety, h => h.leads('n1', 2, ['n1', 'n2']), /no majority has elected it/, four)
    of(electionSafety, four).leads('n1', 2, ['n1', 'n2', 'n3'])
  })
  test('a leader that the old voters of a joint membership have not elected', () => {
    const joint = membershipOf(['n1', 'n2'], { outgoing: ['n3'] })
    expectViolation(electionSafety, h => h.leads('n1', 2, ['n1', 'n2']), /no majority has elected it/, joint)
  })
})

describe('one vote', () => {
  test('two grants in one term', () => {
    expectViolation(oneVote, h => h.sends(grant('n3', 'n1', 2)).sends(grant('n3', 'n2', 2)), /n3 votes for n2 in term 2/)
  })
  test('a candidate that votes for another', () => {
    const request: Message = { type: 'requestVote', from: 'n1', to: 'n2', term: 2, lastEntry: nowhere, transfer: false }
    expectViolation(oneVote, h => h.sends(request).sends(grant('n1', 'n2', 2)), /voted for n1/)
  })
})

describe('leader append-only', () => {
  test('a leader that replaces an entry', () => {
    expectViolation(
      leaderAppendOnly,
      h =>
        h
          .leads('n1', 2)
          .appends('n1', command(2, 2))
          .appends('n1', command(2, 2, 99)),
      /replaces its own entry 2/,
    )
  })
})

describe('log matching', () => {
  test('the same index and term with other data', () => {
    expectViolation(logMatching, h => h.appends('n1', command(2, 2)).appends('n2', command(2, 2, 99)), /another log/)
  })
  test('the same entry after another history', () => {
    const told = (h: History) => h.appends('n1', command(2, 2), command(3, 3)).appends('n2', command(2, 1), command(3, 3))
    expectViolation(logMatching, told, /n2 has another log than others up to its entry 3/)
  })
  test('a gap', () => {
    expectViolation(logMatching, h => h.appends('n1', command(3, 2)), /gap/)
  })
  test('a message with entries that the log does not hold', () => {
    const message: Message = {
      type: 'appendEntries',
      from: 'n1',
      to: 'n2',
      term: 2,
      session: 0,
      after: { index: 1, term: 1 },
      entries: [command(2, 2, 99)],
      commit: 1,
    }
    expectViolation(logMatching, h => h.leads('n1', 2).appends('n1', command(2, 2)).sends(message), /sends to n2 an entry 2@2/)
  })
})

describe('leader completeness', () => {
  test('a leader without a committed entry', () => {
    expectViolation(leaderCompleteness, h => h.committed('n1', 2, 3).appends('n3', command(3, 1)).leads('n3', 3), /without entry 3/)
  })
  test('an old leader commits what a later one does not have', () => {
    const told = (h: History) => h.leads('n1', 2).appends('n1', command(2, 2)).leads('n3', 3).becomes('n1', { commit: 2 })
    expectViolation(leaderCompleteness, told, /n3 leads term 3 without it/)
  })
})

describe('state machine safety', () => {
  test('an entry that is not the committed one', () => {
    expectViolation(stateMachineSafety, h => h.committed('n1', 2, 2).applies('n2', command(2, 2, 99)), /applies 2@2/)
  })
  test('an entry that nobody committed', () => {
    expectViolation(stateMachineSafety, h => h.applies('n2', command(2, 2)), /not committed/)
  })
  test('a gap', () => {
    expectViolation(stateMachineSafety, h => h.committed('n1', 2, 3).applies('n2', command(3, 2)), /applies entry 3 after entry 1/)
  })
  test('an entry twice', () => {
    const told = (h: History) => h.committed('n1', 2, 3).applies('n2', command(2, 2)).applies('n2', command(2, 2))
    expectViolation(stateMachineSafety, told, /applies entry 2 after entry 2/)
  })
  test('another result', () => {
    const told = (h: History) => h.committed('n1', 2, 2).applies('n1', command(2, 2), 7).applies('n2', command(2, 2), 8)
    expectViolation(stateMachineSafety, told, /another state/)
  })
  test('a snapshot older than what is applied', () => {
    const snapshot = { index: 2, term: 2, membership: three, data: new Uint8Array() }
    const told = (h: History) =>
      h.committed('n1', 2, 3).applies('n2', command(2, 2)).applies('n2', command(3, 2)).takes('n2', { snapshot }, 2)
    expectViolation(stateMachineSafety, told, /goes back/)
  })
  test('a snapshot with another state', () => {
    const snapshot = { index: 2, term: 2, membership: three, data: new Uint8Array() }
    expectViolation(
      stateMachineSafety,
      h => h.committed('n1', 2, 2).applies('n1', command(2, 2), 7).takes('n2', { snapshot }, 8),
      /not the one at 2/,
    )
  })
})

describe('commit validity', () => {
  const written = (h: History) => h.leads('n1', 2).appends('n1', command(2, 2))
  test('a commit that only the leader has on disk', () => {
    expectViolation(
      commitValidity,
      h => written(h).saves('n1').appends('n2', command(2, 2)).becomes('n1', { commit: 2 }),
      /no majority has on disk/,
    )
  })
  test('a commit that a learner was counted for', () => {
    const told = (h: History) => written(h).saves('n1').appends('n4', command(2, 2)).saves('n4').becomes('n1', { commit: 2 })
    expectViolation(commitValidity, told, /no majority has on disk/, membershipOf(['n1', 'n2'], { learners: ['n3'] }))
  })
  test('a joint commit that only one majority has', () => {
    const joint = membershipOf(['n1', 'n2', 'n3'], { outgoing: ['n1', 'n4'] })
    expectViolation(
      commitValidity,
      h => written(h).saves('n1').appends('n2', command(2, 2)).saves('n2').becomes('n1', { commit: 2 }),
      /no majority/,
      joint,
    )
  })
  test('a disk with other entries at the same indices does not count', () => {
    const told = (h: History) => written(h).saves('n1').appends('n2', command(2, 1)).saves('n2').becomes('n1', { commit: 2 })
    expectViolation(commitValidity, told, /no majority has on disk/)
  })
  test('an entry of an earlier term committed by counting', () => {
    const told = (h: History) => {
      for (const id of ['n1', 'n2']) h.appends(id, command(2, 2)).saves(id)
      return h.leads('n1', 3).becomes('n1', { commit: 2 })
    }
    expectViolation(commitValidity, told, /commits by counting entry 2 of term 2/)
  })
  test('a follower that believes more than was committed', () => {
    expectViolation(commitValidity, h => h.committed('n1', 2, 3).becomes('n2', { commit: 4 }), /believes that 4 is committed/)
  })
  test('a follower with other entries below its commit index', () => {
    const told = (h: History) =>
      h
        .committed('n1', 2, 3)
        .becomes('n2', { commit: 3 })
        .appends('n2', command(3, 2, 99))
    expectViolation(commitValidity, told, /other entries up to its commit index/)
  })
})

describe('monotonic state', () => {
  test('a term that falls', () => {
    expectViolation(monotonicState, h => h.becomes('n1', { term: 3 }).becomes('n1', { term: 2 }), /went back from term 3/)
  })
  test('a commit index that falls', () => {
    expectViolation(monotonicState, h => h.committed('n1', 2, 3).becomes('n1', { commit: 2 }), /took its commit index back/)
  })
  test('a vote that changes within its term', () => {
    const told = (h: History) =>
      h
        .becomes('n1', { term: 2 })
        .takes('n1', { hardState: { term: 2, vote: 'n2', commit: 1 } })
        .takes('n1', { hardState: { term: 2, vote: 'n3', commit: 1 } })
    expectViolation(monotonicState, told, /changes its vote in term 2/)
  })
  test('a committed entry that is replaced', () => {
    const told = (h: History) =>
      h
        .committed('n1', 2, 3)
        .takes('n1', { hardState: { term: 2, vote: undefined, commit: 3 } })
        .appends('n1', command(3, 3))
    expectViolation(monotonicState, told, /replaces entry 3/)
  })
  test('a commit index that is never saved', () => {
    const told = (h: History) => h.committed('n1', 2, 3).takes('n1', { hardState: { term: 2, vote: undefined, commit: 2 } })
    expectViolation(monotonicState, told, /its last Readys saved 2, 2/)
  })
  test.each([
    ['an older term', { term: 1 }, /starts in term 1/],
    ['without its vote', { vote: undefined }, /forgot that it voted for n2/],
    ['without its commit index', { commit: 1 }, /starts with commit index 1 of 3/],
    ['without its last entry', { last: { index: 2, term: 2 } }, /its disk has more/],
  ])('a restart in or with %s', (_what, forgotten, message) => {
    const told = (h: History) => {
      h.committed('n1', 2, 3).savesBallot('n1', 2, 'n2').disk('n1').commit = 3
      h.observer.restarted(h.node('n1'), h.status('n1', forgotten), { index: 1, term: 1, chain: 1 })
    }
    expectViolation(monotonicState, told, message)
  })
})

describe('persist before send', () => {
  test('a message of a term that is not on disk', () => {
    expectViolation(
      persistBeforeSend,
      h => h.sends({ type: 'heartbeatReply', from: 'n2', to: 'n1', term: 2, readToken: 0 }),
      /disk knows only term 1/,
    )
  })
  test('a grant that is not on disk', () => {
    expectViolation(persistBeforeSend, h => h.savesBallot('n2', 2).sends(grant('n2', 'n1', 2)), /grants its vote in term 2 to n1/)
  })
  test('a candidate whose own vote is not on disk', () => {
    const request: Message = { type: 'requestVote', from: 'n2', to: 'n1', term: 2, lastEntry: nowhere, transfer: false }
    expectViolation(persistBeforeSend, h => h.savesBallot('n2', 2).sends(request), /asks for votes/)
  })
  test('an acknowledgement of entries that are not on disk', () => {
    const told = (h: History) =>
      h
        .committed('n1', 2, 3)
        .appends('n2', command(4, 2))
        .sends(accept('n2', 'n1', 2, 4))
    expectViolation(persistBeforeSend, told, /acknowledges 4 to n1; its disk has 3/)
  })
  test('an acknowledgement of other entries than the leader has', () => {
    const told = (h: History) =>
      h
        .leads('n1', 2)
        .appends('n1', command(2, 2))
        .appends('n2', command(2, 1))
        .saves('n2')
        .savesBallot('n2', 2)
        .sends(accept('n2', 'n1', 2, 2))
    expectViolation(persistBeforeSend, told, /other entries than that leader/)
  })
  test('a log compacted past the snapshot on disk', () => {
    expectViolation(persistBeforeSend, h => h.committed('n1', 2, 3).observer.compacted(h.node('n1'), 3), /snapshot on disk is at 1/)
  })
  test('an entry applied before it is on disk', () => {
    expectViolation(
      persistBeforeSend,
      h => h.committed('n1', 2, 3).appends('n2', command(4, 2)).applies('n2', command(4, 2)),
      /before it is on disk/,
    )
  })
  test('an entry applied while the disk holds what it replaces', () => {
    const told = (h: History) =>
      h
        .committed('n1', 2, 3)
        .appends('n2', command(4, 2))
        .saves('n2')
        .appends('n2', command(4, 3))
        .applies('n2', command(2, 2))
        .applies('n2', command(3, 2))
        .applies('n2', command(4, 3))
    expectViolation(persistBeforeSend, told, /applies entry 4 before it is on disk/)
  })
})

describe('read index', () => {
  const heartbeat = (to: string): Message => ({ type: 'heartbeat', from: 'n1', to, term: 2, commit: 1, readToken: 1 })
  const answer = (from: string): Message => ({ type: 'heartbeatReply', from, to: 'n1', term: 2, readToken: 1 })
  const asked = (h: History) => {
    h.committed('n1', 2, 3)
    h.ghost.step = 10
    h.observer.readAsked(h.node('n1'), 'r1')
    return h
  }
  test('confirmed by a quorum, it is served', () => {
    const h = asked(of(readIndex)).sends(heartbeat('n2')).hears(answer('n2'))
    h.observer.readReleased(h.node('n1'), 'r1', 3)
    h.node('n1').applied = 3
    h.observer.readServed(h.node('n1'), 'r1')
  })
  test('an index older than the read', () => {
    expectViolation(readIndex, h => asked(h).observer.readReleased(h.node('n1'), 'r1', 2), /3 was committed when it was asked/)
  })
  test('without asking anybody', () => {
    expectViolation(readIndex, h => asked(h).observer.readReleased(h.node('n1'), 'r1', 3), /without a quorum/)
  })
  test('confirmed by a round that began before', () => {
    const told = (h: History) => {
      h.committed('n1', 2, 3).sends(heartbeat('n2'))
      h.ghost.step = 10
      h.observer.readAsked(h.node('n1'), 'r1')
      h.hears(answer('n2')).observer.readReleased(h.node('n1'), 'r1', 3)
    }
    expectViolation(readIndex, told, /without a quorum/)
  })
  test('before the leader has committed in its term', () => {
    const told = (h: History) => {
      h.leads('n1', 2).observer.readAsked(h.node('n1'), 'r1')
      h.observer.readReleased(h.node('n1'), 'r1', 1)
    }
    expectViolation(readIndex, told, /committed nothing/)
  })
  test('served before it is applied', () => {
    expectViolation(readIndex, h => asked(h).observer.readServed(h.node('n1'), 'r1'), /serves a read at 1/)
  })
})

describe('config safety', () => {
  test('a change while an earlier one is not applied', () => {
    const told = (h: History) => h.leads('n1', 2).appends('n1', change(2, 2)).appends('n1', change(3, 2))
    expectViolation(configSafety, told, /the one at 2 is not applied/)
  })
  test('a change before the log of the election is applied', () => {
    expectViolation(
      configSafety,
      h => h.appends('n1', command(2, 1)).leads('n1', 2).appends('n1', change(3, 2)),
      /log at the election went to 2/,
    )
  })
  test('two voters at once', () => {
    expectViolation(configSafety, h => h.reconfigures('n1', 2, membershipOf(['n1', 'n2', 'n3', 'n4', 'n5'])), /leaps/)
  })
  test('a joint membership that forgets the old voters', () => {
    expectViolation(configSafety, h => h.reconfigures('n1', 2, membershipOf(['n4'], { outgoing: ['n1', 'n2'] })), /leaps/)
  })
  test('two nodes apply one change in two ways', () => {
    const told = (h: History) => h.reconfigures('n1', 2, membershipOf(['n1', 'n2'])).reconfigures('n2', 2, membershipOf(['n1', 'n3']))
    expectViolation(configSafety, told, /others/)
  })
  test('a learner that campaigns', () => {
    const membership = membershipOf(['n1', 'n2'], { learners: ['n3'] })
    expectViolation(configSafety, h => h.becomes('n3', { role: 'candidate', term: 2 }), /not a voter/, membership)
  })
  test('a candidate with an unapplied change', () => {
    const told = (h: History) => h.appends('n1', change(2, 1)).becomes('n1', { role: 'preCandidate', commit: 2, applied: 1 })
    expectViolation(configSafety, told, /change 2 unapplied/)
  })
  test('a stranger that raises the term under a living leader', () => {
    const request: Message = { type: 'requestVote', from: 'n4', to: 'n2', term: 5, lastEntry: nowhere, transfer: false }
    const told = (h: History) => h.becomes('n2', { leader: 'n1' }).hears(request, { term: 5 })
    expectViolation(configSafety, told, /heard from a leader just before/)
  })
  test('a pre-vote that raises the term', () => {
    const request: Message = { type: 'preVote', from: 'n3', to: 'n2', term: 5, lastEntry: nowhere }
    expectViolation(configSafety, h => h.hears(request, { term: 5 }), /pre-vote of n3 raised the term/)
  })
})

describe('check quorum', () => {
  const answer = (from: string): Message => ({ type: 'heartbeatReply', from, to: 'n1', term: 2, readToken: 0 })
  const leader = { role: 'leader', leader: 'n1' } as const
  test('a leader that hears nobody', () => {
    of(checkQuorum).leads('n1', 2).ticks('n1', 30)
    expectViolation(checkQuorum, h => h.leads('n1', 2).ticks('n1', 31), /not heard from a quorum/)
  })
  test('a leader that hears one of two others', () => {
    const told = (h: History) => h.leads('n1', 2).ticks('n1', 29).hears(answer('n2'), leader).ticks('n1', 30)
    told(of(checkQuorum))
    expectViolation(checkQuorum, h => told(h).ticks('n1', 1), /not heard from a quorum/)
  })
  test('a transfer gives it time', () => {
    const h = of(checkQuorum).leads('n1', 2).ticks('n1', 29)
    h.observer.transferAsked(h.node('n1'))
    h.ticks('n1', 30)
  })
})

describe('transfer', () => {
  const asked = (index: number): Message => ({ type: 'timeoutNow', from: 'n1', to: 'n2', term: 2, lastEntry: { term: 2, index } })
  test('a target that lacks the log', () => {
    of(transfer).committed('n1', 2, 3).sends(asked(3))
    expectViolation(transfer, h => h.committed('n1', 2, 3).sends(asked(4)), /does not hold entry 4/)
  })
})

describe('repair', () => {
  const damaged = (h: History) => h.restarts('n2', { repairing: true })

  test('a node that says what is wrong, and does nothing else', () => {
    damaged(of(repair)).sends({ ...accept('n2', 'n1', 2, 2), repairing: true } as Message)
    damaged(of(repair))
      .takes('n2', { repaired: true })
      .sends(accept('n2', 'n1', 2, 2))
  })
  test('a vote', () => {
    expectViolation(repair, h => damaged(h).sends({ ...grant('n2', 'n1', 2), repairing: true } as Message), /grants a vote/)
  })
  test('an answer that does not say so', () => {
    expectViolation(repair, h => damaged(h).sends(accept('n2', 'n1', 2, 2)), /does not say/)
  })
  test('a candidate', () => {
    expectViolation(repair, h => damaged(h).becomes('n2', { role: 'preCandidate' }), /campaigns/)
  })
  test('a commit that rests on its answer', () => {
    const answer = { ...accept('n2', 'n1', 2, 2), repairing: true } as Message
    expectViolation(
      repair,
      h => h.leads('n1', 2).hears(answer, { role: 'leader', term: 2, commit: 2 }),
      /commits 2 because of an answer of n2/,
    )
  })
})

describe('liveness', () => {
  const well = { serving: () => undefined, level: () => undefined, terms: 'n1:2' }
  test('passes when all is well for ten timeouts', () => {
    const watch = new LivenessWatch(0, 100, 0)
    expect([watch.look(10, well), watch.look(1009, well), watch.look(1010, well)]).toEqual([false, false, true])
  })
  test('no leader for twenty timeouts', () => {
    const watch = new LivenessWatch(0, 100, 0)
    watch.look(1999, { ...well, serving: () => 'no leader' })
    expect(() => watch.look(2000, { ...well, serving: () => 'no leader' })).toThrow(/no leader/)
  })
  test('an election without a reason', () => {
    const watch = new LivenessWatch(0, 100, 0)
    watch.look(0, well)
    expect(() => watch.look(500, { ...well, terms: 'n1:3' })).toThrow(/term changes/)
    expect(liveness.section).toBe('3.14')
  })
})
