import type { Entry, Index, NodeId } from './log/entry.ts'
import type { Snapshot } from './messages.ts'
import type { HardState } from './ready.ts'
import type { StateTrace } from './state-trace.ts'
import type { Trace } from './trace.ts'

/** What a node starts from: what its disk holds. A new node leaves all of it out. */
export type RestoredState = {
  /** The newest snapshot, already in the state machine. A cluster's first members start from one that holds only a membership. */
  readonly snapshot?: Snapshot | undefined
  /** Term, vote and commit index, as saved last (Fig. 2). */
  readonly hardState?: HardState | undefined
  /** The log after the snapshot, without gaps. */
  readonly entries?: readonly Entry[] | undefined
  /** What the state machine has applied, if that is more than the snapshot. */
  readonly applied?: Index | undefined
  /**
   * The disk has lost entries that this node may have acknowledged; `entries` are what is left. It neither votes nor campaigns before a
   * leader has filled its log again: see `Ready.repaired`. Term and vote must still be the latest. Default false.
   */
  readonly repairing?: boolean | undefined
}

/**
 * How a node is to behave, and what it starts from. Times are in ticks, sizes in bytes; 1 MiB is 1,048,576 bytes. The defaults are safe:
 * pre-vote, check-quorum and step-down on removal are on.
 */
export type RaftOptions = {
  /** The node's own name, not empty, and never that of another member: also not of one that was removed or lost its disk. */
  readonly id: NodeId
  /** What its disk holds. Default: nothing. */
  readonly restored?: RestoredState | undefined
  /** A number in [0, 1), drawn once for every election timeout (§5.2). The only chance in a node. */
  readonly random: () => number

  /** Ticks without a leader until a follower campaigns: drawn from this to twice this, less one (§5.2). More than `heartbeatTicks`. Default 10. */
  readonly electionTicks?: number
  /** Ticks between heartbeats of a leader (§5.2). Default 1. */
  readonly heartbeatTicks?: number
  /**
   * From 0 to 1: a node waits (1 - priority) election timeouts longer than others before it campaigns, so that nodes of a higher
   * priority tend to lead. Never a reason to refuse a vote, so it costs no availability. Default 1.
   */
  readonly priority?: number
  /** Ask before raising the term (thesis §9.6). Default true. */
  readonly preVote?: boolean
  /** A leader that has not heard from a quorum within an election timeout steps down; followers that hear from a leader refuse votes (thesis §6.2, §4.2.3). Default true. */
  readonly checkQuorum?: boolean
  /** A leader that is removed or demoted steps down once that is applied (thesis §4.2.2). Default true. */
  readonly stepDownOnRemoval?: boolean
  /**
   * How reads are confirmed (thesis §6.4): by a quorum, unless `read` asks for a lease; or every one as etcd does with its lease-based
   * mode, which trusts `checkQuorum` although that lets a leader which is cut off go on for up to two election timeouts. Default `quorum`.
   */
  readonly readMode?: 'quorum' | 'unbounded-lease'
  /**
   * How long a lease lasts (thesis §6.4.1), counted from the sending of the heartbeats that a quorum has answered, in the unit of the
   * times given to `tick` and `read`. Less than `electionTicks` - 1 ticks of the slowest clock as seen by the fastest. 0: reads that ask
   * for a lease are confirmed by a quorum. Also needs the cluster's setting: `MembershipChange.leaseReads`. Default 0.
   */
  readonly leaseDuration?: number
  /** The driver saves and applies while later Readys are made (thesis §10.2.1): `apply` then holds only entries whose save has ended. Default false. */
  readonly overlapping?: boolean

  /** Bytes of payload, and 16 for each entry, in one appendEntries; at least one entry always goes. Default 1 MiB. */
  readonly maxMessageBytes?: number
  /** Bytes of payload, and 16 for each entry, that are out at a time to be applied; at least one entry always goes. Default 8 MiB. */
  readonly maxApplyBytes?: number
  /** Messages with entries in flight to one follower. Default 256. */
  readonly maxInflight?: number
  /** Bytes of payload in flight to one follower; what exceeds it is sent when some of it is acknowledged. Default unlimited. */
  readonly maxInflightBytes?: number
  /** Bytes of payload proposed in this leader's term and not yet applied; more are refused. Default unlimited. */
  readonly maxUncommittedBytes?: number

  /** A follower passes proposals on to its leader; their outcome is then unknown. Default false. */
  readonly forwardProposals?: boolean
  /** With `overlapping`: nothing of a new term leaves before term and vote are saved, requests for votes included. Default true. */
  readonly voteRequestsAwaitSave?: boolean
  /** What becomes of a membership change that cannot be taken: refused with a reason, or an empty entry in its place. Default `refuse`. */
  readonly untakenChange?: 'refuse' | 'append-empty'
  /** Look whether a membership change is pending, or fits, before one is taken (thesis §4.1). Never off outside conformance tests. Default true. */
  readonly checkMembershipChanges?: boolean
  /**
   * Refuse a snapshot whose membership does not name this node. A joining node can get one that is older than the entry which adds it,
   * and would wait for ever; taking it is safe, since a node that is not a voter in it neither votes for itself nor counts. Default false.
   */
  readonly snapshotsMustNameNode?: boolean
  /** Refusals of votes tell how far the log is committed, so that a membership change cannot strand those who missed its commit. Default true. */
  readonly refusalsTellCommit?: boolean
  /**
   * A node that cannot campaign, because it is no voter, tells a leader of an earlier term that there is a later one. With `preVote` or
   * `checkQuorum` every node does; without them and this, nothing it does would let it hear from that leader again. Default true.
   */
  readonly nonVotersTellTerm?: boolean
  /** What a member acknowledged before it was removed counts no more once it is added again. Default true. */
  readonly replicationSessions?: boolean
  /** Reads that cannot be confirmed are answered as expired within two election timeouts, or dropped. Default `expire`. */
  readonly unconfirmedReads?: 'expire' | 'drop'
  /** The target of a transfer campaigns only when it holds the leader's whole log (thesis §3.10). Default true. */
  readonly transferChecksLog?: boolean

  /** Called with everything that happens, and why. Costs nothing when absent. */
  readonly trace?: Trace | undefined
  /** Called with every step in the terms of etcd's TLA+ specification: see `formatStateEvent`. Costs nothing when absent. */
  readonly stateTrace?: StateTrace | undefined
}

/** Options with every default filled in. */
export type Settings = Required<Omit<RaftOptions, 'restored' | 'trace' | 'stateTrace' | 'random' | 'id'>>

const defaults: Settings = {
  electionTicks: 10,
  heartbeatTicks: 1,
  priority: 1,
  preVote: true,
  checkQuorum: true,
  stepDownOnRemoval: true,
  readMode: 'quorum',
  leaseDuration: 0,
  overlapping: false,
  maxMessageBytes: 1024 * 1024,
  maxApplyBytes: 8 * 1024 * 1024,
  maxInflight: 256,
  maxInflightBytes: Infinity,
  maxUncommittedBytes: Infinity,
  forwardProposals: false,
  voteRequestsAwaitSave: true,
  untakenChange: 'refuse',
  checkMembershipChanges: true,
  snapshotsMustNameNode: false,
  refusalsTellCommit: true,
  nonVotersTellTerm: true,
  replicationSessions: true,
  unconfirmedReads: 'expire',
  transferChecksLog: true,
}

const choices = {
  readMode: ['quorum', 'unbounded-lease'],
  untakenChange: ['refuse', 'append-empty'],
  unconfirmedReads: ['expire', 'drop'],
} as const

/** Throws a RangeError that names the option: a wrong option is a mistake in a program, not something to run with. */
export function settle(options: RaftOptions): Settings {
  const { id, restored: _restored, random: _random, trace: _trace, stateTrace: _stateTrace, ...given } = options
  const settings: Settings = { ...defaults }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) throw new RangeError(`unknown option ${name}`)
    if (value !== undefined) Object.assign(settings, { [name]: value })
  }
  if (typeof id !== 'string' || id === '') throw new RangeError('id must be a string that is not empty')
  atLeast('heartbeatTicks', settings.heartbeatTicks, 1)
  if (!Number.isSafeInteger(settings.electionTicks) || settings.electionTicks <= settings.heartbeatTicks)
    throw new RangeError('electionTicks must be an integer greater than heartbeatTicks')
  atLeast('maxInflight', settings.maxInflight, 1)
  if (!(settings.priority >= 0 && settings.priority <= 1)) throw new RangeError('priority must be a number from 0 to 1')
  for (const name of ['maxMessageBytes', 'maxUncommittedBytes'] as const)
    if (!(settings[name] >= 0)) throw new RangeError(`${name} must not be negative`)
  // With no room at all nothing would ever flow.
  for (const name of ['maxApplyBytes', 'maxInflightBytes'] as const)
    if (!(settings[name] >= 1)) throw new RangeError(`${name} must be at least 1`)
  for (const [name, values] of Object.entries(choices) as [keyof typeof choices, readonly string[]][])
    if (!values.includes(settings[name])) throw new RangeError(`${name} must be one of ${values.join(', ')}`)
  if (!(settings.leaseDuration >= 0)) throw new RangeError('leaseDuration must not be negative')
  if (settings.readMode === 'unbounded-lease' && !settings.checkQuorum) throw new RangeError('readMode "unbounded-lease" needs checkQuorum')
  return settings
}

function atLeast(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`${name} must be an integer of at least ${least}`)
}
