import type { Entry, HardState, Index, Membership, Message, NodeId, Position } from 'raft-core'

/**
 * The outside world, as one node needs it: five ports. Each has a real and a simulated adapter, and one contract suite that both pass.
 * Nothing in this package touches a timer, socket, file, random number or date except through them.
 */
export interface Ports<Result> {
  readonly clock: Clock
  readonly logStore: LogStore
  readonly snapshotStore: SnapshotStore
  readonly transport: Transport
  readonly stateMachine: StateMachine<Result>
}

/** Time and chance. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin; never goes back, whatever the wall clock does. */
  now(): number
  /** Runs once, not before `delayMs` has passed, and never within the call. With 0: when the other inputs of this turn are in. */
  after(delayMs: number, run: () => void): Timer
  /** A number in [0, 1). */
  random(): number
  /** 32 lower-case hex digits that no other call anywhere returns. */
  uniqueId(): string
}
export interface Timer {
  cancel(): void
}

/** Whose folder this is. Drawn once and never changed, except that a folder gets its cluster when it joins one. */
export type Identity = {
  /** Drawn at bootstrap, the same on every member. */
  readonly clusterId: string
  /** The core's id: the operator's name, with a generation once replaced (`n3`, then `n3~2`). */
  readonly nodeId: NodeId
  /** Drawn when the folder was made: tells this life of the member from an earlier one whose disk was lost. */
  readonly incarnation: string
}

/** What is known of a snapshot without reading its data. */
export type SnapshotMeta = Position & {
  readonly membership: Membership
  /** The index of the entry that made `membership`. */
  readonly membershipIndex: Index
  /** What members told of themselves, by id. */
  readonly members: readonly MemberInfo[]
  /** Chain hash of the log at `index`: ties the snapshot to the log it replaces. */
  readonly chain: number
  /** Bytes of data. */
  readonly size: number
  /** CRC-32 of the data. */
  readonly checksum: number
  /** The data begin with what the node keeps beside the state machine: sessions and log time. Absent in snapshots of before there was any. */
  readonly hasNodePart?: boolean | undefined
}

/** What is known of a snapshot before its data are. */
export type SnapshotHead = Omit<SnapshotMeta, 'size' | 'checksum'>

/**
 * The data of a snapshot from this byte on. Asked for once in each transfer; not at all if nothing of it is wanted. To
 * `sendSnapshot`, chunks are lent: the memory of one may be used again once the next is asked for. Those that a transport hands to
 * `TransportEvents.snapshot` stay as they are.
 */
export type SnapshotData = (from: number) => AsyncIterable<Uint8Array>

/** What a member tells of itself when it joins; replicated with the membership. */
export type MemberInfo = {
  readonly id: NodeId
  /** Where its peers reach it: `host:port`. */
  readonly address: string
  /** Where clients reach it: `host:port`, or empty. */
  readonly clientAddress: string
  /** Empty until the member has said (the founder says at bootstrap, others when they join). */
  readonly incarnation: string
}

export type LogState = {
  readonly hardState: HardState
  /** The position just before the first entry: {0, 0}, or where the log was last compacted. */
  readonly base: Position
  /** Chain hash at `base`. */
  readonly baseChain: number
  /** Without gaps, from base.index + 1. */
  readonly entries: readonly Entry[]
}

export type LogBatch = {
  readonly hardState: HardState | undefined
  /** Without gaps; they replace whatever was stored at their indices and after. */
  readonly entries: readonly Entry[]
  /** The log now starts after this snapshot, which `SnapshotStore` holds already: everything stored before is dropped. */
  readonly resetTo: { readonly position: Position; readonly chain: number } | undefined
  /**
   * True: resolves only once the batch survives power loss. False, for a hard state with a higher commit index and nothing else: may stay in
   * memory, goes to disk with the next batch at the latest.
   */
  readonly mustSync: boolean
  /** The log is whole again: the end of a repair, durable once `save` resolves. */
  readonly repaired?: boolean | undefined
}

/** What `LogStore.open` found wrong with the log, and what has been done about it. */
export type LogDamage = {
  readonly reason: string
  /** A repair is under way: the state is what it has come to. Otherwise nothing is readable, and nothing was changed. */
  readonly isRepairing: boolean
}

/**
 * The log, term and vote of one node. A failure to save is final: every later call fails too, and the node must stop.
 * What was saved is there after a crash; what fails its checks is reported by `open`, never returned.
 */
export interface LogStore {
  /**
   * Reads and checks everything. `identity`: undefined for a new folder. With `damage`, entries are gone that may have been acknowledged,
   * and yet it is known whose folder this is and how it voted: the node must not take part before a leader has filled the log again.
   * Throws RaftError, `CORRUPT` where not even that is known.
   */
  open(): Promise<{ readonly identity: Identity | undefined; readonly state: LogState; readonly damage?: LogDamage | undefined }>
  /**
   * Empties the log, to be filled again by a leader; what it held may be kept beside it. That this is so is durable before anything is cut, and stays so until a batch with
   * `repaired` is saved. Term and vote are kept. Resolves with what the log holds then.
   */
  beginRepair(): Promise<LogState>
  /** Makes a new folder this node's. Resolves once that survives power loss. */
  initialize(identity: Identity): Promise<void>
  /** All of the batch is kept, or none. Calls are not concurrent: the next comes after the promise has settled. */
  save(batch: LogBatch): Promise<void>
  /** Forgets entries up to and including `index`, which a durable snapshot covers. May run beside `save`. */
  compact(index: Index): Promise<void>
  /** The chain hash at an index of the stored log, from the base to the last saved entry. */
  chainAt(index: Index): number | undefined
  close(): Promise<void>
}

/** Snapshots of the state machine. Only complete and checked ones are ever listed or opened. */
export interface SnapshotStore {
  /** Newest first. */
  list(): Promise<readonly SnapshotMeta[]>
  /**
   * Writes a snapshot; it exists, durably, once the promise resolves, and not at all if it rejects. Where `meta` says size and checksum,
   * as of one that another node sends, data that are others are refused with RaftError `CORRUPT`.
   */
  write(meta: SnapshotHead | SnapshotMeta, data: AsyncIterable<Uint8Array>): Promise<SnapshotMeta>
  /**
   * Its data, all or from a byte on, checked chunk by chunk; throws RaftError where it does not match its checksum. `lent`: the memory of
   * a chunk may be used again once the next is asked for, so that sending gigabytes leaves no garbage of as many.
   */
  read(meta: SnapshotMeta, from?: number, options?: { readonly lent?: boolean }): AsyncIterable<Uint8Array>
  /** Removes all but the newest `count`; with `upTo`, of those up to that index: newer ones stay. */
  keep(count: number, upTo?: Index): Promise<void>
}

/** Who stands at the other end of a connection, once the handshake has passed. */
export type Hello = {
  readonly clusterId: string
  readonly nodeId: NodeId
  readonly incarnation: string
  /** The last entry of the sender's log, saved or not: a leader that has seen more acknowledged knows an old folder by it. */
  readonly last: Position
  /** It has lost entries, and is waiting for a leader to fill its log again: it votes for nobody and counts for nothing. */
  readonly repairing: boolean
  /**
   * Drawn when the sender started. A folder gives way to an older copy only between two starts, so it is looked at once in each: later
   * greetings may be overtaken, on other connections, by what is acknowledged meanwhile.
   */
  readonly start: string
}

export type TransportEvents = {
  message(from: NodeId, message: PeerMessage): void
  /** A request from another node; the promise is its answer. A rejection reaches the other side as an error with the same code. */
  request(from: NodeId, body: Uint8Array): Promise<Uint8Array>
  /**
   * A snapshot is offered. Resolve once it is durable; a rejection tells the sender that it failed. Nothing of it is sent before `data` is
   * asked for, and then only what follows the bytes that are here already, from an earlier transfer that broke.
   */
  snapshot(from: NodeId, message: Message, meta: SnapshotMeta, data: SnapshotData): Promise<void>
  /** The connection to this peer was refused or broke, or works again. `refused`: nobody listens there. */
  peer(id: NodeId, state: 'connected' | 'lost' | 'refused'): void
  /** Somebody dialled, or was dialled, and `by` one of the two the other was turned away: for example another cluster's member. */
  mismatch(theirs: Hello | undefined, reason: HandshakeRefusal, direction: 'in' | 'out', remote: string, by: 'us' | 'them'): void
  /** Whether to talk to this peer: undefined to accept. */
  admit(hello: Hello): HandshakeRefusal | undefined
  /** What this node says of itself now. */
  hello(): Hello
}
export type HandshakeRefusal =
  | 'other-cluster'
  | 'other-node'
  | 'other-version'
  | 'wiped-member'
  | 'old-folder'
  | 'not-a-member'
  | 'removed'
  /** Its certificate is not one of a peer. */
  | 'not-a-peer'

/**
 * What heartbeats and their answers carry beside what the core says, so that a node can tell how old its data is at most
 * (freshness.ts). Times are whole milliseconds of the clock that is named; `life` tells one start of a node from another, since its
 * clock begins anew.
 */
export type FreshnessNote = {
  /** The sender's clock, when it sent this. */
  readonly life: number
  readonly at: number
  /** In a heartbeat. */
  readonly knows?: Knowledge | undefined
  /** In an answer: what the leader's clock showed in the newest heartbeat of this term that had arrived. */
  readonly heard?: number | undefined
}
/** All that was committed anywhere at `at`, by the receiver's clock in this `life`, has an index up to `commit`. */
export type Knowledge = { readonly life: number; readonly at: number; readonly commit: Index }
/** A message of the core, as it travels. */
export type PeerMessage = Message & { readonly freshness?: FreshnessNote | undefined }

/** The network between members. A message may be lost, delayed, repeated or reordered, never altered. */
export interface Transport {
  /** Starts listening and dialling. Rejects with a RaftError when the address cannot be had. Resolves with the address in use. */
  start(events: TransportEvents): Promise<{ readonly address: string }>
  /** Who can be reached, and where. Peers left out are disconnected. */
  setPeers(peers: ReadonlyMap<NodeId, string>): void
  /** Hands the message over and returns. Full queues drop. */
  send(message: PeerMessage): void
  /** Sends once and waits for the answer. Rejects with a RaftError whose outcome is `unknown` if it may have arrived. */
  request(to: NodeId, body: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array>
  /** Streams as much of a snapshot as the other side asks for, with the message that announces it. Resolves once it holds all durably. */
  sendSnapshot(message: Message, meta: SnapshotMeta, data: SnapshotData): Promise<void>
  /** Ends every connection; nothing keeps the event loop alive afterwards. */
  close(): Promise<void>
}

export type CommandAt = { readonly command: Uint8Array; readonly index: Index }
/** What came of a command: the answer, or what `apply` would have thrown. */
export type CommandOutcome<Result> = { readonly result: Result } | { readonly error: unknown }

/** The replicated application. Deterministic: the same commands in the same order give the same results and state on every node. */
export interface StateMachine<Result> {
  /** A throw rejects the caller and changes nothing else; it must be just as deterministic. */
  apply(command: Uint8Array, index: Index): Result
  /**
   * Instead of `apply`, where it is cheaper to take several commands at once: those that are committed together, in order. An answer for
   * each; where a batch ends differs from node to node, so no answer may depend on it. A throw stops the node. Commands of sessions come
   * by `apply`, and so does every command if there is a `digest`, which is asked for after each.
   */
  applyBatch?(commands: readonly CommandAt[]): readonly CommandOutcome<Result>[]
  /**
   * Something short that is equal for equal states: a checksum that is kept up to date with each command, for it is asked for after each.
   * Nodes compare theirs, and tell after which command they differ (event `divergence`). Default: nothing is compared.
   */
  digest?(): string | number
  /**
   * For a state machine with a store of its own that outlives the process: the last index whose command that store holds durably, with all
   * before it and nothing after, or 0. It is kept in one step with the state. Asked once, when the node opens; commands up to it are not
   * given again, and no snapshot that is older is restored. Such a machine keeps no answers: a command of a session that is sent again is
   * refused with ANSWER_FORGOTTEN, and not applied again. All members have one of the same kind. Default: begins empty at each start.
   */
  appliedIndex?(): Index
  /** Who the members are from this index on: in order with the commands, and after a snapshot is restored. A throw stops the node, or its start. */
  onMembership?(membership: Membership, index: Index, members: readonly MemberInfo[]): void
  /** A frozen view of the state now; the data may be read while later commands are applied. */
  snapshot(): AsyncIterable<Uint8Array>
  /**
   * Replaces the whole state by the one at this index. For data that are none it throws, and the state is as before; that must be the same on
   * every node, for clients can send data (`node.restore`). A node that is itself at fault, whose disk is full, say, throws a RaftError;
   * any but CORRUPT, which says that the data are.
   * A throw when the node opens makes `open` reject, and the folder stays as it is.
   * If it keeps `appliedIndex`, that is 0 or as before until all of it is durable.
   */
  restore(data: AsyncIterable<Uint8Array>, index: Index): Promise<void>
}
