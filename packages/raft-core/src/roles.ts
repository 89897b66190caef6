import type { Lease } from './lease.ts'
import { newLease } from './lease.ts'
import type { Index, NodeId, Term } from './log/entry.ts'
import type { RaftMachine } from './raft.ts'
import type { LeaderReads } from './reads.ts'
import { abandonReads, newLeaderReads } from './reads.ts'
import type { Progress } from './replication/progress.ts'
import { newProgressMap } from './replication/progress.ts'
import { traceState } from './state-trace.ts'

export type Follower = { readonly name: 'follower'; leader: NodeId | undefined }
export type PreCandidate = { readonly name: 'preCandidate'; readonly votes: Map<NodeId, boolean> }
export type Candidate = { readonly name: 'candidate'; readonly votes: Map<NodeId, boolean> }
export type Leader = {
  readonly name: 'leader'
  /** By id in sorted order, itself included: the order in which messages are sent. */
  progress: Map<NodeId, Progress>
  nextSession: number
  /** No membership change is taken until this index is applied: the last change proposed, or the log as it stood at the election. */
  pendingChange: Index
  transferTarget: NodeId | undefined
  readonly reads: LeaderReads
  readonly lease: Lease
  /** Payload bytes proposed in this term and not yet applied. */
  uncommittedBytes: number
  /** The commit index as it was at the last heartbeat: a learner that holds as much has caught up. */
  commitAtHeartbeat: Index
}

/** What a node is in its term (§5.2); a pre-candidate asks whether it could win before it raises the term (thesis §9.6). */
export type RoleName = 'follower' | 'preCandidate' | 'candidate' | 'leader'
export type Role = Follower | PreCandidate | Candidate | Leader

/** §5.1, §5.2: also from follower to follower, when the term or the leader is news. */
export function becomeFollower(raft: RaftMachine, term: Term, leader: NodeId | undefined, because: string): Follower {
  const follower: Follower = { name: 'follower', leader }
  // To the specification a pre-candidate is a follower still.
  const isNews = raft.state.name !== 'preCandidate' || term !== raft.term
  enter(raft, follower, term, because)
  if (raft.stateTrace && isNews) traceState(raft, 'BecomeFollower')
  return follower
}

/** Thesis §9.6. The term, the vote and the timeout drawn stay as they are: nothing has happened yet. */
export function becomePreCandidate(raft: RaftMachine, because: string): void {
  raft.assert(raft.state.name !== 'leader', 'a leader never campaigns')
  raft.state = { name: 'preCandidate', votes: new Map() }
  if (raft.trace) raft.trace({ type: 'role', role: 'preCandidate', term: raft.term, because })
}

export function becomeCandidate(raft: RaftMachine, because: string): void {
  raft.assert(raft.state.name !== 'leader', 'a leader never campaigns')
  enter(raft, { name: 'candidate', votes: new Map() }, raft.term + 1, because)
  raft.vote = raft.id
  if (raft.stateTrace) traceState(raft, 'BecomeCandidate')
}

export function becomeLeader(raft: RaftMachine, because: string): Leader {
  raft.assert(raft.state.name === 'candidate', 'only a candidate becomes leader')
  const progress = newProgressMap(raft)
  const leader: Leader = {
    name: 'leader',
    progress,
    nextSession: progress.size + 1,
    // Whatever the log holds may be a membership change that is not applied yet: take none before it is.
    pendingChange: raft.log.lastIndex,
    transferTarget: undefined,
    reads: newLeaderReads(),
    lease: newLease(),
    uncommittedBytes: 0,
    commitAtHeartbeat: raft.log.commit,
  }
  enter(raft, leader, raft.term, because)
  if (raft.stateTrace) traceState(raft, 'BecomeLeader')
  return leader
}

/** The only place where a role gives way to another that can change the term. */
function enter(raft: RaftMachine, role: Role, term: Term, because: string): void {
  if (term !== raft.term) {
    raft.assert(term > raft.term, 'terms never fall')
    raft.term = term
    raft.vote = undefined
  }
  const before = raft.state
  raft.state = role
  raft.elapsed = 0
  raft.heartbeatElapsed = 0
  raft.drawElectionTimeout()
  abandonReads(raft, before, role)
  if (raft.trace) traceEntry(raft, before, role, because)
}

function traceEntry(raft: RaftMachine, before: Role, role: Role, because: string): void {
  if (before.name === 'leader' && before.transferTarget !== undefined)
    raft.trace?.({ type: 'transfer', target: before.transferTarget, what: 'ended', because })
  raft.trace?.({ type: 'role', role: role.name, term: raft.term, because })
}
