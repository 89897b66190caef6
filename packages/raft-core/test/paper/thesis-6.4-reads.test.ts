import { describe, expect, test } from 'vitest'
import type { ReadState } from '../../src/index.ts'
import { Lab, only, voters } from './lab.ts'

/** What became of reads, with whatever else the core wants done. */
function answers(lab: Lab): ReadState[] {
  const reads: ReadState[] = []
  while (lab.raft.hasReady()) {
    const ready = lab.raft.ready()
    reads.push(...ready.reads)
    lab.perform(ready)
  }
  return reads
}
function step(lab: Lab, ...message: Parameters<Lab['hear']>): ReadState[] {
  const [type, body] = message
  lab.raft.step({ type, from: 'n2', to: 'n1', term: lab.raft.term, ...body } as Parameters<Lab['raft']['step']>[0])
  return answers(lab)
}
const led = (options = {}): Lab => {
  const lab = new Lab(options).lead()
  lab.acknowledge('n2')
  return lab
}

describe('thesis §6.4 linearizable reads without a log entry', () => {
  test('the answer is the commit index as it was when the read came, once a majority has confirmed the leader', () => {
    const lab = led()
    lab.raft.read('r')
    expect(only(lab.work(), 'heartbeat').map(({ readToken }) => readToken)).toEqual([1, 1])
    lab.propose()
    lab.acknowledge('n2')
    expect(step(lab, 'heartbeatReply', { readToken: 1 })).toEqual([{ context: 'r', index: 2 }])
  })

  test('a new leader answers nothing before it has committed in its term', () => {
    const lab = new Lab().lead()
    lab.raft.read('r')
    expect(answers(lab)).toEqual([])
    lab.acknowledge('n2')
    expect(step(lab, 'heartbeatReply', { readToken: 1 })).toEqual([{ context: 'r', index: 2 }])
  })

  test('an answer confirms what was asked before, not what came after', () => {
    const lab = led()
    lab.raft.read('r1')
    lab.work()
    lab.raft.read('r2')
    lab.work()
    expect(step(lab, 'heartbeatReply', { readToken: 1 })).toEqual([{ context: 'r1', index: 2 }])
    expect(step(lab, 'heartbeatReply', { readToken: 1 })).toEqual([])
    expect(step(lab, 'heartbeatReply', { readToken: 2 })).toEqual([{ context: 'r2', index: 2 }])
  })

  test('a later answer confirms all reads before it, in the order in which they came', () => {
    const lab = led()
    for (const context of ['b', 'a', 'c']) lab.raft.read(context)
    lab.work()
    expect(step(lab, 'heartbeatReply', { readToken: 3 }).map(({ context }) => context)).toEqual(['b', 'a', 'c'])
  })

  test('a token that was never given confirms nothing', () => {
    const lab = led()
    lab.raft.read('r')
    lab.work()
    expect(step(lab, 'heartbeatReply', { readToken: 9 })).toEqual([])
    expect(step(lab, 'heartbeatReply', { readToken: 0 })).toEqual([])
  })

  test('a majority of voters is needed; learners do not count', () => {
    const lab = new Lab({ membership: { ...voters('n1', 'n2', 'n3', 'n5', 'n6'), learners: ['n4'] } }).lead('n2', 'n3')
    lab.acknowledge('n2')
    lab.hear('appendReply', { from: 'n3', session: 3, index: 2 })
    lab.raft.read('r')
    lab.work()
    expect(step(lab, 'heartbeatReply', { from: 'n4', readToken: 1 })).toEqual([])
    expect(step(lab, 'heartbeatReply', { from: 'n2', readToken: 1 })).toEqual([])
    expect(step(lab, 'heartbeatReply', { from: 'n3', readToken: 1 })).toEqual([{ context: 'r', index: 2 }])
  })

  test('who leads alone answers at once, after its first commit', () => {
    const lab = new Lab({ membership: voters('n1') })
    lab.raft.campaign()
    lab.work()
    lab.raft.read('r')
    expect(answers(lab)).toEqual([{ context: 'r', index: 2 }])
  })

  test('a leader that steps down gives up all its reads', () => {
    const lab = led()
    lab.raft.read('r1')
    lab.work()
    expect(step(lab, 'heartbeat', { term: 9, commit: 1, readToken: 0 })).toEqual([{ context: 'r1', expired: true }])
  })

  test('a follower asks its leader, under its own name', () => {
    const lab = new Lab()
    expect(lab.raft.read('r')).toEqual({ accepted: false, reason: 'no-leader' })
    lab.hear('heartbeat', { term: 2 })
    expect(lab.raft.read('r')).toEqual({ accepted: true })
    expect(lab.work()).toMatchObject([{ type: 'readIndex', from: 'n1', to: 'n2', context: 'r' }])
    expect(step(lab, 'readIndexReply', { context: 'r', index: 7 })).toEqual([{ context: 'r', index: 7 }])
    expect(step(lab, 'readIndexReply', { context: 'r', index: 7 })).toEqual([])
  })

  test('a leader answers the follower that asked', () => {
    const lab = led()
    lab.hear('readIndex', { from: 'n3', context: 'r' })
    expect(only(lab.hear('heartbeatReply', { readToken: 1 }), 'readIndexReply')).toMatchObject([{ to: 'n3', context: 'r', index: 2 }])
  })

  test('a follower waits no longer than an election timeout, nor for a leader that is none any more', () => {
    const lab = new Lab()
    lab.hear('heartbeat', { term: 2 })
    lab.raft.read('r1')
    lab.work()
    for (let ticks = 0; ticks < 9; ticks++) lab.raft.tick()
    expect(answers(lab)).toEqual([])
    lab.raft.tick()
    expect(answers(lab)).toEqual([{ context: 'r1', expired: true }])
    lab.hear('heartbeat', { term: 4 })
    lab.raft.read('r2')
    lab.work()
    expect(step(lab, 'heartbeat', { from: 'n3', term: 5, commit: 1, readToken: 0 })).toEqual([{ context: 'r2', expired: true }])
  })

  test('a leader that nobody answers gives reads up after one to two election timeouts', () => {
    const lab = led()
    lab.raft.read('r')
    lab.work()
    for (let ticks = 0; ticks < 19; ticks++) lab.raft.tick()
    expect(answers(lab)).toEqual([])
    lab.raft.tick()
    expect(answers(lab)).toEqual([{ context: 'r', expired: true }])
  })

  test('with an unbounded lease the leader answers at once', () => {
    const lab = led({ readMode: 'unbounded-lease', checkQuorum: true })
    lab.raft.read('r')
    expect(answers(lab)).toEqual([{ context: 'r', index: 2 }])
    expect(() => new Lab({ readMode: 'unbounded-lease' })).toThrow('readMode "unbounded-lease" needs checkQuorum')
  })
})
