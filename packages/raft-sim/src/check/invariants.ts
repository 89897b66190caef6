import type { Entry, Index, Membership, NodeId } from 'raft-core'
import { showMembership } from '../invariants/config-history.ts'
import { Violation } from '../invariants/invariant.ts'
import { isVoter, quorumHas } from '../invariants/quorum.ts'
import type { Input } from './inputs.ts'
import type { Sent } from './live-node.ts'
import type { NodeView, Reign } from './node-view.ts'
import { entryAt, entryText } from './node-view.ts'

/**
 * The invariants that the simulator watches, restated for states: what one step of one node must hold, what any two nodes must hold, and
 * what needs all of them. The first two are looked at once for every step and pair that is different from all before.
 */
export type Step = {
  readonly before: NodeView | undefined
  readonly after: NodeView
  readonly input: Input
  readonly sent: readonly Sent[]
}

type Rule<Subject> = { readonly name: string; readonly check: (subject: Subject) => string | undefined }
type Pair = { readonly a: NodeView; readonly b: NodeView }

const stepRules: readonly Rule<Step>[] = [
  { name: 'one-vote', check: oneVote },
  { name: 'leader-append-only', check: leaderAppendOnly },
  { name: 'monotonic-state', check: monotonicState },
  { name: 'persist-before-send', check: persistBeforeSend },
  { name: 'config-safety', check: configSafety },
  { name: 'commit-validity', check: countsOwnTerm },
]

const pairRules: readonly Rule<Pair>[] = [
  { name: 'election-safety', check: electionSafety },
  { name: 'log-matching', check: logMatching },
  { name: 'leader-completeness', check: leaderCompleteness },
  { name: 'state-machine-safety', check: stateMachineSafety },
  { name: 'config-safety', check: sameConfigs },
]

/** Throws a Violation. `without`: names of invariants that are not looked at. */
export function checkStep(step: Step, without: ReadonlySet<string>): void {
  for (const { name, check } of stepRules) {
    const fault = without.has(name) ? undefined : check(step)
    if (fault !== undefined) throw new Violation(name, step.after.id, fault)
  }
}

export function checkPair(pair: Pair, without: ReadonlySet<string>): void {
  for (const { name, check } of pairRules) {
    const fault = without.has(name) ? undefined : (check(pair) ?? check({ a: pair.b, b: pair.a }))
    if (fault !== undefined) throw new Violation(name, pair.a.id, fault)
  }
}

/** §3.7: a majority of every active set of voters has on disk what `leader` has just committed. */
export function checkCommit(
  leader: NodeView,
  membershipBefore: Membership,
  nodes: readonly NodeView[],
  without: ReadonlySet<string>,
): void {
  if (without.has('commit-validity')) return
  const reign = leader.reigns.at(-1)!
  const holds = (id: NodeId) => {
    const node = nodes.find(node => node.id === id)
    return node !== undefined && covers(node.diskLog, node.diskBase, reign)
  }
  if ([leader.membership, membershipBefore].some(membership => quorumHas(membership, holds))) return
  throw new Violation('commit-validity', leader.id, `${leader.id} commits ${reign.commit}, which no majority has on disk`)
}

/** §3.7: nobody believes that something is committed which no leader has committed. */
export function checkBelief(node: NodeView, committed: Index, without: ReadonlySet<string>): void {
  if (node.commit <= committed || without.has('commit-validity')) return
  throw new Violation('commit-validity', node.id, `${node.id} believes that ${node.commit} is committed; only ${committed} is`)
}

// ── one step of one node ──

/** §3.2, §5.2. With persist-before-send this makes a node's grants agree for ever: they rest on a vote that never changes within its term. */
function oneVote({ before, after }: Step): string | undefined {
  const { disk, id } = after
  if (before === undefined || before.disk.term !== disk.term || before.disk.vote === undefined || before.disk.vote === disk.vote)
    return undefined
  return `the vote of ${id} in term ${disk.term} turns from ${before.disk.vote} to ${disk.vote ?? 'nobody'} on its disk`
}

/** §3.3, Fig. 3. */
function leaderAppendOnly({ before, after }: Step): string | undefined {
  if (before?.role !== 'leader' || after.role !== 'leader' || before.term !== after.term) return undefined
  const lost = before.log.find(entry => entry !== entryAt(after.log, after.base, entry.index) && !same(entry, after))
  return lost && `${after.id} leads term ${after.term} and no longer holds ${entryText(lost)}`
}

/** §3.8. */
function monotonicState({ before, after, input }: Step): string | undefined {
  const { id, base, applied, commit, log } = after
  if (!(base <= applied && applied <= commit && commit <= base + log.length))
    return `${id} has base ${base}, applied ${applied}, commit ${commit} and a log to ${base + log.length}`
  if (before === undefined) return undefined
  const then = input.type === 'crash' ? { ...after.disk, applied: 0 } : before
  if (after.term < then.term) return `the term of ${id} falls from ${then.term} to ${after.term}`
  if (after.term === then.term && then.vote !== undefined && after.vote !== then.vote)
    return `the vote of ${id} in term ${after.term} turns from ${then.vote} to ${after.vote ?? 'nobody'}`
  if (commit < then.commit) return `the commit index of ${id} falls from ${then.commit} to ${commit}`
  return applied < then.applied ? `the applied index of ${id} falls from ${then.applied} to ${applied}` : undefined
}

/** §3.9: looks at the disk as it was when the message left. */
function persistBeforeSend({ after: { id }, sent }: Step): string | undefined {
  for (const { message, disk } of sent) {
    const { term, vote } = disk.hardState
    if (message.type === 'preVote' || message.type === 'preVoteReply') continue
    if (message.term > term) return `${id} sends ${message.type} of term ${message.term} with term ${term} on disk`
    // A promise of a term that is over binds nobody: the disk has moved on, and remembers only the last vote.
    if (message.term < term) continue
    if (message.type === 'requestVote' && vote !== id) return `${id} campaigns in term ${message.term} and its own vote is not on disk`
    if (message.type === 'voteReply' && message.granted && vote !== message.to)
      return `${id} votes for ${message.to} in term ${message.term}, and on its disk is a vote for ${vote ?? 'nobody'}`
    const last = (disk.snapshot?.index ?? 0) + disk.entries.length
    if (message.type === 'appendReply' && message.accepted && message.index > last)
      return `${id} acknowledges ${message.index}, and its disk ends at ${last}`
  }
  return undefined
}

/** §3.11, thesis §4.1. */
function configSafety({ before, after }: Step): string | undefined {
  const { id, role, log, applied, membership, unapplied } = after
  const campaigns = role !== 'follower' && (before?.role === 'follower' || before?.term !== after.term)
  if (campaigns && !isVoter(membership, id)) return `${id} campaigns and is not a voter: ${showMembership(membership)}`
  if (campaigns && role !== 'leader' && unapplied.length > 0)
    return `${id} campaigns with ${entryText(unapplied[0]!)} committed and not applied`
  if (role === 'leader') {
    const pending = log.filter(entry => entry.type === 'membership' && entry.index > applied)
    if (pending.length > 1) return `${id} leads with two membership changes pending: ${pending.map(entryText).join(' and ')}`
  }
  if (before === undefined || before.membershipIndex === 0 || before.membershipIndex >= after.membershipIndex) return undefined
  return mayFollow(before.membership, membership) ? undefined : leap(before.membership, membership)
}

/** §3.7, §5.4.2: what a leader commits by counting ends with an entry of its own term. */
function countsOwnTerm({ before, after }: Step): string | undefined {
  const reign = after.reigns.at(-1)
  if (reign === undefined || reign.commit === 0 || reign.commit === before?.reigns.at(-1)?.commit) return undefined
  const last = reign.log.at(-1)!
  return last.term === reign.term ? undefined : `${after.id} leads term ${reign.term} and commits by counting ${entryText(last)}`
}

// ── any two nodes ──

/** §3.1, §5.2: over the whole run. */
function electionSafety({ a, b }: Pair): string | undefined {
  const both = a.reigns.find(({ term }) => b.reigns.some(other => other.term === term))
  return both && `${a.id} and ${b.id} have both led term ${both.term}`
}

/** §3.4, §5.3: logs in memory and on disk. */
function logMatching({ a, b }: Pair): string | undefined {
  for (const [log, base] of [
    [a.log, a.base],
    [a.diskLog, a.diskBase],
  ] as const)
    for (const [other, otherBase] of [
      [b.log, b.base],
      [b.diskLog, b.diskBase],
    ] as const) {
      const fault = disagreement(log, base, other, otherBase)
      if (fault !== undefined) return `the logs of ${a.id} and ${b.id} hold entries of one term at ${fault} and differ at or before it`
    }
  return undefined
}

/** From the end: below the last entry of the same term everything must be equal. */
function disagreement(log: readonly Entry[], base: Index, other: readonly Entry[], otherBase: Index): Index | undefined {
  let meet: Index | undefined
  for (let index = Math.min(base + log.length, otherBase + other.length); index > Math.max(base, otherBase); index--) {
    const ours = entryAt(log, base, index)!
    const theirs = entryAt(other, otherBase, index)!
    if (meet === undefined && ours.term === theirs.term) meet = index
    if (meet !== undefined && entryText(ours) !== entryText(theirs)) return meet
  }
  return undefined
}

/** §3.5, §5.4: whoever leads a later term holds what was committed in an earlier one. */
function leaderCompleteness({ a, b }: Pair): string | undefined {
  if (a.role !== 'leader') return undefined
  const reign = b.reigns.find(({ term, log }) => term < a.term && log.some(entry => entry.index > a.base && !same(entry, a)))
  return reign && `${a.id} leads term ${a.term} without what ${b.id} committed in term ${reign.term}, up to ${reign.commit}`
}

/** §3.6, §3.7, Fig. 3: what one has applied or believes to be committed, no other has otherwise. */
function stateMachineSafety({ a, b }: Pair): string | undefined {
  const committed = a.log.filter(({ index }) => index <= a.commit)
  const conflict = committed.find(ours => {
    const theirs = ours.index <= b.commit ? entryAt(b.log, b.base, ours.index) : undefined
    return (theirs !== undefined && entryText(theirs) !== entryText(ours)) || b.reigns.some(reign => conflicts(reign, ours))
  })
  return conflict && `${a.id} has ${entryText(conflict)} committed, and ${b.id} has or had something else there`
}

function conflicts({ log }: Reign, entry: Entry): boolean {
  const there = log.find(({ index }) => index === entry.index)
  return there !== undefined && entryText(there) !== entryText(entry)
}

/** §3.11: one index, one membership. */
function sameConfigs({ a, b }: Pair): string | undefined {
  if (a.membershipIndex !== b.membershipIndex) return undefined
  const [ours, theirs] = [showMembership(a.membership), showMembership(b.membership)]
  return ours === theirs ? undefined : `at ${a.membershipIndex} ${a.id} has ${ours}, ${b.id} has ${theirs}`
}

// ── parts ──

function same(entry: Entry, { log, base }: NodeView): boolean {
  const there = entryAt(log, base, entry.index)
  return there !== undefined && entryText(there) === entryText(entry)
}

function covers(log: readonly Entry[], base: Index, reign: Reign): boolean {
  return reign.log.every(entry => {
    const there = entryAt(log, base, entry.index)
    return entry.index <= base || (there !== undefined && entryText(there) === entryText(entry))
  })
}

function mayFollow(before: Membership, after: Membership): boolean {
  if (before.outgoing.length > 0 || after.outgoing.length > 0) return true
  const gone = before.voters.filter(id => !after.voters.includes(id)).length
  return gone + after.voters.length - (before.voters.length - gone) <= 1
}

function leap(before: Membership, after: Membership): string {
  return `the membership leaps from ${showMembership(before)} to ${showMembership(after)}`
}
