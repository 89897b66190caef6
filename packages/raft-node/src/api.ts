import type { Index, Membership, NodeId, Position, RoleName, Term, Trace } from 'raft-core'
import type { RaftError } from './errors.ts'
import type { MetricsRegistry } from './metrics.ts'
import type { HandshakeRefusal, Identity, MemberInfo, StateMachine } from './ports.ts'
import type { Session } from './session.ts'
import type { PeerCertificates } from './transport/peer-certificates.ts'

/**
 * How to wait: `signal` gives up waiting, never the proposal itself. `timeoutMs` default 5,000; `Infinity` waits as long as it takes, but for
 * one answer of another node that leads ten minutes at most.
 */
export type CallOptions = { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined }

/** With `session`: applied once, however often it is sent (thesis §6.3). `forward` false: rejects with NOT_LEADER unless this node leads. */
export type ApplyOptions = CallOptions & {
  readonly forward?: boolean | undefined
  readonly session?: SessionSerial | undefined
}
export type BatchOptions = Omit<ApplyOptions, 'session'>
/** Which command of which session, and up to which serial number the client has its answers and will not ask again. */
export type SessionSerial = { readonly id: number; readonly serial: number; readonly answered: number }

/**
 * How fresh a read is. `linearizable`: nothing that was acknowledged before it is missing; the leader asks a quorum. `lease`: the same,
 * answered by the leader without asking while it holds a lease, which rests on clocks (see `leaseReads`); otherwise a quorum is asked.
 * `stale`: whatever this node has.
 */
export type Consistency = 'linearizable' | 'lease' | 'stale'

/** Where a command was applied (with a session perhaps earlier than it was sent this time), and the state machine's answer. */
export type Applied<Result> = { readonly index: Index; readonly term: Term; readonly result: Result }

/** What came of one command of a batch. */
export type BatchOutcome<Result> = Applied<Result> | { readonly error: RaftError }

export type MemberStatus = MemberInfo & {
  readonly voter: boolean
  readonly learner: boolean
  /** Only known to the leader: what the member has on disk, how it is replicated to, and whether it answers. */
  readonly match: Index | undefined
  readonly state: 'probe' | 'replicate' | 'snapshot' | undefined
  readonly active: boolean | undefined
  readonly lastContactMs: number | undefined
  /** Only known to the leader: its disk has lost entries, which it is getting again; it counts for nothing until then. */
  readonly repairing: boolean | undefined
}

export type NodeStatus = {
  readonly identity: Identity
  readonly address: string
  readonly clientAddress: string
  readonly role: RoleName
  readonly leader: NodeId | undefined
  readonly term: Term
  readonly commit: Index
  readonly applied: Index
  /**
   * How many milliseconds ago, at most, this node's data held all that was committed anywhere. By its own clock, and whatever messages
   * take or a leader that is cut off believes; with a steady leader two or three ticks. Undefined until a leader has told.
   */
  readonly ageMs: number | undefined
  readonly saved: Index
  readonly first: Index
  readonly last: Position
  readonly snapshotIndex: Index
  readonly membership: Membership
  readonly membershipIndex: Index
  readonly members: readonly MemberStatus[]
  /** Why this node does not serve, when it does not: a RaftError code and a sentence. */
  readonly fault: { readonly code: string; readonly message: string } | undefined
  readonly closing: boolean
  /**
   * Why this node is having its log filled again by a leader: damage that it found on its disk. Until that is done it neither votes nor
   * counts for anything.
   */
  readonly repairs: string | undefined
  /** Why this node takes no proposals, when its disk is full: what is left, and what to do. It still answers reads. */
  readonly diskFull: string | undefined
}

/** What a joining node says; see `join`. */
export type JoinRequest = {
  /** The operator's name, without a generation. */
  readonly id: string
  readonly address: string
  readonly clientAddress: string
  readonly incarnation: string
  /** This folder is new although the id is a member: remove the old member and add this one in its place. */
  readonly replace: boolean
}
/** Under which id, in which cluster, the node may start. */
export type JoinAnswer = { readonly clusterId: string; readonly nodeId: NodeId; readonly members: readonly MemberInfo[] }

/** A node that is to be let in: the operator's name for it, where peers reach it and where clients do, as `host:port`. */
export type NewMember = {
  readonly id: string
  readonly address: string
  readonly clientAddress?: string | undefined
  /** Becomes a voter by itself once it has caught up. Default true; false: stays a learner. */
  readonly promote?: boolean | undefined
}
export type MemberEdit = ({ readonly type: 'add' } & NewMember) | { readonly type: 'promote' | 'demote' | 'remove'; readonly id: NodeId }

/** `ifMembershipIndex`: rejects with MEMBERSHIP_CHANGED unless the membership is still the one of `status().membershipIndex`. */
export type ChangeOptions = CallOptions & { readonly ifMembershipIndex?: Index | undefined }

export type NodeEvent =
  | { readonly type: 'role'; readonly role: RoleName; readonly term: Term; readonly leader: NodeId | undefined }
  /** At the start, as far as it is known then, and at every change. */
  | { readonly type: 'membership'; readonly membership: Membership; readonly index: Index }
  | { readonly type: 'snapshot'; readonly index: Index; readonly cause: 'taken' | 'installed' }
  /**
   * One that was due could not be taken: the log stays, and grows, until the next one that is due is. Or older ones could not be removed:
   * that is tried again after the next.
   */
  | { readonly type: 'snapshotFailure'; readonly reason: string }
  | { readonly type: 'peer'; readonly id: NodeId; readonly state: 'connected' | 'lost' | 'refused' }
  /** Somebody was turned away, or turned this node away. */
  | {
      readonly type: 'handshake'
      readonly id: NodeId | undefined
      readonly reason: HandshakeRefusal
      readonly direction: 'in' | 'out'
      readonly remote: string
    }
  /** Entries are lost on this node's disk, and a leader is to fill its log again; or has done so. */
  | { readonly type: 'repair'; readonly what: 'begun' | 'finished'; readonly reason: string }
  /**
   * Told by the leader: after the command at `index` this member's state differs from its own, so the state machine is not deterministic
   * (or one of the two machines is at fault). `isExact` false: they may have differed even earlier.
   */
  | { readonly type: 'divergence'; readonly id: NodeId; readonly index: Index; readonly isExact: boolean }
  /** This node takes no proposals any more, for its disk is full; or takes them again. */
  | { readonly type: 'disk'; readonly isFull: boolean; readonly message: string }
  | { readonly type: 'fault'; readonly code: string; readonly message: string }

/** Told instead of events that a reader was too slow for. */
export type DroppedEvents = { readonly type: 'dropped'; readonly count: number }

/** Who leads, as far as this node knows. */
export type Leadership = { readonly term: Term; readonly leader: NodeId | undefined; readonly isLeader: boolean }
export type MembershipView = { readonly membership: Membership; readonly index: Index; readonly members: readonly MemberInfo[] }

/** What can change while a node runs: see the options of the same names. */
export type Reloadable = Partial<
  Pick<NodeOptions<unknown>, 'tickMs' | 'snapshotEntries' | 'snapshotBytes' | 'snapshotBytesPerSecond' | 'trailingEntries'>
>

/** Where a node writes one line for each thing that happens to it: pino and many others fit. */
export type Logger = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type NodeOptions<Result> = {
  /** The operator's name of this node: 1 to 64 of letters, digits and `. : _ -`. */
  readonly id: string
  /** The folder for log and snapshots; made when absent. */
  readonly dir: string
  /** Where peers connect: `host:port`; port 0 takes a free one. Default host 127.0.0.1. */
  readonly listen: string
  /**
   * Mutual TLS with the other members: `new PeerCertificates({ cert, key, ca })`, which can be renewed while the node runs. Without it
   * nodes talk in the clear, and only where nobody else can reach them (loopback), unless `insecure` is set.
   */
  readonly tls?: PeerCertificates
  /** Talk in the clear although others can reach `listen`: the network itself keeps strangers out. Default false. */
  readonly insecure?: boolean
  /**
   * The log store: LevelDB, or a write-ahead log of its own. A folder made with the other one is refused. Default: the one that has made
   * the folder, and `wal` for a new one.
   */
  readonly log?: 'level' | 'wal'
  /** Where clients of the application reach this node; replicated, so that every node can name the leader's. */
  readonly clientAddress?: string
  readonly stateMachine: StateMachine<Result>
  /** Results travel to callers on other nodes as bytes. */
  readonly resultCodec: { encode(result: Result): Uint8Array; decode(bytes: Uint8Array): Result }
  /** On a new folder: found a cluster with this node as its only member. With a folder that has a cluster: no effect. */
  readonly bootstrap?: boolean
  /**
   * On a new folder: ask this function (for example over HTTP) to be let into a cluster. With a folder that has a cluster it is not
   * called, unless that folder holds nothing of it yet, or `replace` sets it aside.
   */
  readonly join?: (request: JoinRequest) => Promise<JoinAnswer>
  /**
   * With `join`: the member that this name or address belongs to is lost for good; remove it and let this node in in its place. A folder
   * in which a cluster of one was founded meanwhile is kept under another name.
   */
  readonly replace?: boolean
  readonly tickMs?: number
  readonly electionTicks?: number
  /**
   * By how much the clocks of two members may run apart, as a share of 1: a lease is so much shorter than the promises it rests on. The
   * clock must go on while a machine is suspended, or such machines must not turn leases on. Default 0.1.
   */
  readonly clockDrift?: number
  /**
   * Take a snapshot after so many entries or bytes since the last. Defaults 10,000 and 64 MiB. Once the last snapshot was 1 MiB or more, so
   * many entries must also weigh as much as it did, and at least 8 MiB: a large state is not written again for a few commands.
   */
  readonly snapshotEntries?: number
  readonly snapshotBytes?: number
  /** A snapshot goes to a follower at no more than so many bytes a second. Default unlimited. */
  readonly snapshotBytesPerSecond?: number
  /** Entries kept behind a snapshot, so that followers a little behind need none. Default 5,000. */
  readonly trailingEntries?: number
  /**
   * Proposals are refused (`DISK_FULL`) while the data folder's file system has less room than so many bytes beside the reserve and, with
   * LevelDB, 20 MiB for tables that it writes when it likes. Default 64 MiB. 0: only while there is no room for those.
   */
  readonly minFreeBytes?: number
  /**
   * A file of so many bytes lies in the data folder and is given up when the disk is full, so that votes, the end of the log and its
   * shortening still find a place. Default 8 MiB; 0: none.
   */
  readonly reserveBytes?: number
  readonly onEvent?: (event: NodeEvent) => void
  /** Default: silent. */
  readonly logger?: Logger
  /** Called with everything that happens in the core, and why: `formatTrace` of raft-core says it in words. Costs nothing when absent. */
  readonly trace?: Trace
}

/**
 * Exactly once: client sessions (thesis §6.3), part of the replicated state and of snapshots. A session ends when nothing has come from
 * it for its time to live, by log time: the wall clock never enters, and it ends late rather than early.
 */
export interface Sessions<Result> {
  /** `ttlMs` in milliseconds, 1,000 to a year; default an hour. Rejects with OVERLOADED when there are 10,000 sessions. */
  open(options?: CallOptions & { readonly ttlMs?: number | undefined }): Promise<Session<Result>>
  /** Rejects with SESSION_EXPIRED. */
  keepAlive(id: number, options?: CallOptions): Promise<void>
  /** One that there is no more is closed. */
  close(id: number, options?: CallOptions): Promise<void>
}

/** A running member of a cluster. Made by `RaftNode.open`; `await using` closes it. */
export interface Node<Result> extends AsyncDisposable {
  readonly identity: Identity
  /** Parts of `status()`, for whoever looks at every request: they are only read, nothing is put together. */
  readonly role: RoleName
  readonly term: Term
  readonly commit: Index
  readonly applied: Index
  readonly ageMs: number | undefined
  readonly fault: NodeStatus['fault']
  readonly isClosing: boolean
  /** Proposes a command and resolves once this node or, forwarded, the leader has applied it. Never sends it twice. */
  apply(command: Uint8Array, options?: ApplyOptions): Promise<Applied<Result>>
  /**
   * Proposes several commands at once, at most 8 MiB together, each with 8 bytes beside it: they are next to each other in the log, in this
   * order. Resolves with what came of each. Rejects where nothing can be said of single ones: with outcome `not-applied` none of them took effect.
   */
  applyBatch(commands: readonly Uint8Array[], options?: BatchOptions): Promise<readonly BatchOutcome<Result>[]>
  readonly sessions: Sessions<Result>
  /** Resolves once everything that was committed anywhere before the call is applied here. A write of its own, through the log. */
  barrier(options?: CallOptions): Promise<Index>
  /**
   * Resolves with an index when reading this node's state machine is linearizable (thesis §6.4): all that was acknowledged anywhere
   * before the call is applied here. Works on every member, at the price of a question to the leader. `stale` resolves at once; with
   * `maxAgeMs` it rejects with TOO_STALE where this node's data may be older (see `ageMs`).
   */
  read(options?: CallOptions & { readonly consistency?: Consistency; readonly maxAgeMs?: number | undefined }): Promise<Index>
  /**
   * The index that `read` would wait for, and not the wait: for whoever reads a store of his own, and knows how far that one is. Reading
   * is linearizable once this index is applied there (thesis §6.4). Works on every member.
   */
  readIndex(options?: CallOptions): Promise<Index>
  readonly membership: {
    /**
     * Lets a node in, as a learner that becomes a voter by itself once it has caught up. Any member takes the request. The same
     * incarnation may ask again.
     */
    join(request: JoinRequest, options?: CallOptions): Promise<JoinAnswer>
    /** Makes a learner a voter, caught up or not. Rejects with INVALID_ARGUMENT for one that was added and never started. */
    promote(id: NodeId, options?: ChangeOptions): Promise<Index>
    /**
     * A leader that is to be no voter any more hands over first, to a voter that stays; so it is with `remove`, `replace` and `change`, too.
     * Rejects with TRANSFERRING if none of those takes over in time. Where none of the voters stays it leads to the end: then let it run
     * until the new ones have a leader.
     */
    demote(id: NodeId, options?: ChangeOptions): Promise<Index>
    /** Stop the node once this has resolved. */
    remove(id: NodeId, options?: ChangeOptions): Promise<Index>
    /**
     * Adds a node that is yet to be started, with `join`: as a learner, which becomes a voter once it has caught up. Resolves with its id:
     * the name, with a generation if there was a member of that name before.
     */
    add(member: NewMember, options?: ChangeOptions): Promise<NodeId>
    /** Removes a member and adds another in the same step (joint consensus, §6). Resolves with the new one's id. */
    replace(id: NodeId, member: NewMember, options?: ChangeOptions): Promise<NodeId>
    /** Any number of changes in one step (joint consensus, §6). Resolves once the old voters have no say any more. */
    change(edits: readonly MemberEdit[], options?: ChangeOptions): Promise<Index>
    /** The membership now, and at every change; a slow reader misses what has passed, never the newest. */
    changes(options?: Pick<CallOptions, 'signal'>): AsyncIterable<MembershipView>
    /**
     * Whether the leader may answer reads by lease (thesis §6.4.1), for the whole cluster. Then a leader that dies is only replaced once
     * its lease must be over, so a failover takes an election timeout; and clocks must keep to `clockDrift`. `tickMs` and
     * `electionTicks` must be the same on all members; one whose `tickMs` got shorter while it ran asks a quorum until it is started again.
     * Off in a new cluster.
     */
    leaseReads(on: boolean, options?: CallOptions): Promise<Index>
  }
  /** Moves leadership; without a target to the voter that has most of the log. Resolves once another node leads. */
  transferLeadership(options?: CallOptions & { readonly target?: NodeId }): Promise<NodeId>
  /** Takes a snapshot now. Resolves with its index. */
  snapshot(options?: CallOptions): Promise<Index>
  /**
   * Puts another state in the place of the replicated one, on every member at the same index: data such as the state machine's `snapshot`
   * gives. Members, sessions and log time stay as they are. It goes through the log, so a majority must have room for it in memory. What is
   * written meanwhile is lost with the old state. `timeoutMs` is for each piece. Resolves with the index. Until the last step rejects with
   * outcome `not-applied`; with LEADERSHIP_LOST where another restore began, or another node leads: begin again.
   */
  restore(data: AsyncIterable<Uint8Array>, options?: CallOptions): Promise<Index>
  /** A picture of now; never waits for the disk or the network. */
  status(): NodeStatus
  /** Who leads as far as this node knows. */
  leader(): MemberInfo | undefined
  waitForLeader(options?: CallOptions): Promise<MemberInfo>
  /** Resolves with what is applied here, once that is at least `index`. */
  waitForApplied(index: Index, options?: CallOptions): Promise<Index>
  /**
   * Resolves with the term once a majority has confirmed that this node leads it, and everything committed before is applied here.
   * Rejects with NOT_LEADER where it does not.
   */
  verifyLeader(options?: CallOptions): Promise<Term>
  /** Calls `listener` with each event of this type; returns how to stop that. One that throws is not heard of. */
  on<Type extends NodeEvent['type']>(type: Type, listener: (event: Extract<NodeEvent, { type: Type }>) => void): () => void
  /**
   * Every event from now on, until the signal fires or the node is closed. A reader that is behind by more than 1,000 events misses the
   * oldest, and gets their number instead.
   */
  events(options?: Pick<CallOptions, 'signal'>): AsyncIterable<NodeEvent | DroppedEvents>
  /** Who leads now, and at every change; a slow reader misses what has passed, never the newest. */
  leadership(options?: Pick<CallOptions, 'signal'>): AsyncIterable<Leadership>
  /** What this node counts and measures of itself. */
  readonly metrics: MetricsRegistry
  /** Changes all of these at once, or throws INVALID_ARGUMENT and changes none. Until the node is closed: the next start goes by its options. */
  reconfigure(changes: Reloadable): void
  /**
   * Hands leadership over (at most 500 ms), answers what is in progress, closes sockets and files. A second call returns the same
   * promise.
   */
  close(options?: { readonly transfer?: boolean }): Promise<void>
}
