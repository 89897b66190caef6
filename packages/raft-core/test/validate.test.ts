import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { MembershipChange, Message } from '../src/index.ts'
import { noMembers } from '../src/index.ts'
import { faultIn } from '../src/validate.ts'
import { Lab } from './paper/lab.ts'

const at = { term: 1, index: 1 }
const membership = { ...noMembers, voters: ['n1', 'n2'], learners: ['n3'] }
const snapshot = { term: 1, index: 5, membership, data: new Uint8Array() }
const change = { transition: 'auto', changes: [{ type: 'voter', id: 'n3' }], context: undefined }
const appendEntries = { type: 'appendEntries', session: 1, after: at, entries: [], commit: 0 }
const entry = { term: 2, index: 2, type: 'command', data: new Uint8Array(1) }

const fault = (fields: object): string | undefined => faultIn({ from: 'n2', to: 'n1', term: 2, ...fields } as unknown as Message)
const withEntry = (fields: object): object => ({ ...appendEntries, entries: [{ ...entry, ...fields }] })
const withChange = (fields: object): object => withEntry({ type: 'membership', change: { ...change, ...fields } })
const withSnapshot = (fields: object): object => ({ type: 'installSnapshot', session: 1, snapshot: { ...snapshot, ...fields } })
const withMembership = (fields: object): object => withSnapshot({ membership: { ...membership, ...fields } })

describe('a message from outside is well formed', () => {
  test.for<[string, object]>([
    ['a request for a vote', { type: 'requestVote', lastEntry: at, transfer: true }],
    [
      'entries of every kind',
      { ...appendEntries, entries: [entry, { term: 2, index: 3, type: 'empty' }, { term: 2, index: 4, type: 'membership', change }] },
    ],
    ['a change with a context', withChange({ context: new Uint8Array(2) })],
    ['a snapshot', withSnapshot({})],
    ['a snapshot that says which entry made its membership', withSnapshot({ membershipIndex: 3 })],
    ['a proposal, whose entries have no position', { type: 'propose', term: 0, entries: [{ type: 'empty' }] }],
    ['a read, which belongs to no term', { type: 'readIndex', term: 0, context: '' }],
    ['an answer to a read', { type: 'readIndexReply', context: 'r', index: undefined }],
    ['bytes of another realm, such as a test runner’s', withEntry({ data: runInNewContext('new Uint8Array(2)') })],
  ])('%s', ([, message]) => {
    expect(fault(message)).toBeUndefined()
  })
})

describe('a message from outside is malformed', () => {
  test.for<[string, object, string]>([
    ['no sender', { from: '' }, 'no sender'],
    ['a sender that is no name', { from: 7 }, 'no sender'],
    ['a term that is no number', { term: '2' }, 'term is not an index'],
    ['a negative term', { term: -1 }, 'term is not an index'],
    ['a term beyond all numbers that can be counted on', { term: Number.MAX_SAFE_INTEGER }, 'term is not an index'],
    ['a type that nobody knows', { type: 'hello' }, 'unknown type'],
    ['a type that every object has', { type: 'toString' }, 'unknown type'],
    ['a leader before the first term', { ...appendEntries, term: 0 }, 'of no term'],
    ['a candidate before the first term', { type: 'requestVote', term: 0, lastEntry: at, transfer: false }, 'of no term'],
    ['no last entry', { type: 'requestVote', transfer: false }, 'malformed requestVote'],
    ['no vote', { type: 'voteReply' }, 'malformed voteReply'],
    ['entries that are no list', { ...appendEntries, entries: {} }, 'malformed appendEntries'],
    ['an entry that is none', { ...appendEntries, entries: [null] }, 'malformed appendEntries'],
    ['a gap', withEntry({ index: 3 }), 'malformed appendEntries'],
    ['a term that falls', { ...withEntry({ term: 1 }), after: { term: 2, index: 1 } }, 'malformed appendEntries'],
    ['an entry of a later term than its leader’s', withEntry({ term: 3 }), 'malformed appendEntries'],
    ['an entry of no term', { ...withEntry({ term: 0, index: 1 }), after: { term: 0, index: 0 } }, 'malformed appendEntries'],
    ['a later term before than at the leader', { ...appendEntries, after: { term: 3, index: 1 } }, 'malformed appendEntries'],
    ['data that are no bytes', withEntry({ data: [1] }), 'malformed appendEntries'],
    ['a kind of entry that nobody knows', withEntry({ type: 'noop' }), 'malformed appendEntries'],
    ['no change', withEntry({ type: 'membership' }), 'malformed appendEntries'],
    ['a transition that nobody knows', withChange({ transition: 'slow' }), 'malformed appendEntries'],
    ['a context that is no bytes', withChange({ context: 'x' }), 'malformed appendEntries'],
    ['changes that are no list', withChange({ changes: undefined }), 'malformed appendEntries'],
    ['a change of nobody', withChange({ changes: [{ type: 'voter' }] }), 'malformed appendEntries'],
    ['a change that nobody knows', withChange({ changes: [{ type: 'king', id: 'n1' }] }), 'malformed appendEntries'],
    ['no snapshot', { type: 'installSnapshot', session: 1 }, 'malformed installSnapshot'],
    ['a snapshot of nothing', withSnapshot({ index: 0 }), 'malformed installSnapshot'],
    ['a snapshot of no term', withSnapshot({ term: 0 }), 'malformed installSnapshot'],
    ['a snapshot of a later term than its leader’s', withSnapshot({ term: 3 }), 'malformed installSnapshot'],
    ['a snapshot without data', withSnapshot({ data: undefined }), 'malformed installSnapshot'],
    ['a membership made by no entry', withSnapshot({ membershipIndex: 'x' }), 'malformed installSnapshot'],
    ['no membership', withSnapshot({ membership: null }), 'malformed installSnapshot'],
    ['a membership without learners', withMembership({ learners: undefined }), 'malformed installSnapshot'],
    ['a member without a name', withMembership({ voters: [''] }), 'malformed installSnapshot'],
    ['a member that would count twice', withMembership({ voters: ['n1', 'n1', 'n2'] }), 'malformed installSnapshot'],
    ['a voter that is a learner', withMembership({ learners: ['n2'] }), 'malformed installSnapshot'],
    ['an old voter that is a learner', withMembership({ outgoing: ['n3'] }), 'malformed installSnapshot'],
    ['a target that is no name', { type: 'transferLeader', target: 3 }, 'malformed transferLeader'],
    ['no proposals', { type: 'propose', entries: [] }, 'malformed propose'],
    ['a proposal that is none', { type: 'propose', entries: [null] }, 'malformed propose'],
    ['a read without a name', { type: 'readIndex' }, 'malformed readIndex'],
    ['an index that is none', { type: 'readIndexReply', context: 'r', index: 0.5 }, 'malformed readIndexReply'],
    ['a token that is no number', { type: 'heartbeatReply', readToken: null }, 'malformed heartbeatReply'],
  ])('%s', ([, message, reason]) => {
    expect(fault({ type: 'heartbeat', commit: 0, readToken: 0, ...message })).toBe(reason)
  })

  test.for([null, undefined, 7, 'message'])('%s is no message', value => {
    expect(faultIn(value as unknown as Message)).toBe('not a message')
  })
})

describe('what a caller proposes is looked at before anything changes', () => {
  test.for<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'text'],
    ['a list of numbers', [1, 2]],
  ])('%s is no command', ([, data]) => {
    const { raft } = new Lab().lead()
    const before = raft.status().last
    expect(() => raft.propose(data as Uint8Array)).toThrow(RangeError)
    expect(() => raft.proposeAll([new Uint8Array(1), data as Uint8Array])).toThrow(RangeError)
    expect(raft.status().last).toEqual(before)
  })

  test.for<[string, unknown]>([
    ['of nobody', { ...change, changes: [{ type: 'voter', id: '' }] }],
    ['of a number', { ...change, changes: [{ type: 'learner', id: 5 }] }],
    ['that there is not', { ...change, changes: [{ type: 'king', id: 'n2' }] }],
    ['that is none', undefined],
  ])('a change %s is refused', ([, wrong]) => {
    const { raft } = new Lab().lead()
    const before = raft.status().last
    expect(raft.proposeMembership(wrong as MembershipChange)).toMatchObject({ accepted: false, reason: 'invalid-change' })
    expect(raft.status().last).toEqual(before)
  })
})
