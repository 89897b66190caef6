import { type Entry, type Index, type Message, type NodeId, type Raft, type Snapshot, voteOutcome } from 'raft-core'
import type { NodeEvent } from './api.ts'
import { Applier, type ApplyListener } from './applier.ts'
import { Bell } from './bell.ts'
import { createCore } from './core.ts'
import { DigestWatch } from './digest-watch.ts'
import { DiskWatch } from './disk-watch.ts'
import { Driver, type Outputs } from './driver.ts'
import { invariantBroken, maybeApplied, RaftError } from './errors.ts'
import { Failover } from './failover.ts'
import { Faults } from './faults.ts'
import { Freshness } from './freshness.ts'
import { GroupCommit } from './group-commit.ts'
import { HeldNotices } from './held-notices.ts'
import { InProgress } from './in-progress.ts'
import { Members } from './members.ts'
import { NodeMetrics } from './node-metrics.ts'
import { Peers } from './peers.ts'
import { type EntryOutcome, Pending } from './pending.ts'
import type { Identity, MemberInfo, PeerMessage, Ports, SnapshotData, SnapshotMeta } from './ports.ts'
import { Proposals } from './proposals.ts'
import { Reads } from './reads.ts'
import type { Inspect } from './real-ports.ts'
import type { ReplicatedState } from './replicated-state.ts'
import type { RestoredFolder } from './restoring.ts'
import { checkLive, type LiveSettings, leaseFits, type Settings } from './settings.ts'
import { SnapshotReceiver, SnapshotSender } from './snapshot-transfer.ts'
import { Snapshotter, type SnapshotterEvents } from './snapshotter.ts'
import { SpaceWatch } from './space-watch.ts'
import type { DiskReserve } from './storage/disk-reserve.ts'
import { Thrifty } from './thrifty.ts'
import { Ticker } from './ticker.ts'
import { TimeRecorder } from './time-recorder.ts'
import { closeTogether, Trial } from './trial.ts'

export type EngineOptions<Result> = {
  readonly ports: Ports<Result>
  readonly state: ReplicatedState<Result>
  readonly settings: Settings
  readonly identity: Identity
  /** Where this node listens. */
  readonly address: string
  readonly restored: RestoredFolder
  /** Members to talk to until the log or a snapshot tells who they are: what a join was answered. */
  readonly introduced: readonly MemberInfo[]
  /** Drawn for this start. */
  readonly start: string
  emit(event: NodeEvent): void
  readonly inspect?: Inspect | undefined
  /** Undefined: nobody can tell how much room the disk has. */
  readonly reserve?: DiskReserve | undefined
}

/**
 * A core and everything that makes it run: driver, state machine, snapshots, waiting callers, peers. Knows nothing of requests; those
 * come from the classes that hold an engine.
 */
export class Engine<Result> {
  readonly ports: Ports<Result>
  readonly state: ReplicatedState<Result>
  readonly settings: Settings
  readonly identity: Identity
  readonly address: string
  readonly raft: Raft
  readonly members = new Members()
  readonly faults: Faults
  readonly pending: Pending<Result>
  readonly proposals: Proposals<Result>
  readonly reads: Reads
  readonly applier: Applier<Result>
  readonly snapshots: Snapshotter
  readonly space: SpaceWatch
  readonly peers: Peers
  readonly freshness: Freshness
  readonly inProgress = new InProgress()
  readonly metrics: NodeMetrics
  /** Rung when role, leader or membership may have changed, and when the node stops. */
  readonly changed: Bell
  /** Rung when more is applied. */
  readonly advanced: Bell
  readonly #emit: (event: NodeEvent) => void
  readonly #driver: Driver
  readonly #ticker: Ticker
  readonly #failover: Failover
  readonly #notices: HeldNotices
  readonly #thrifty: Thrifty
  readonly #sender: SnapshotSender
  readonly #receiver: SnapshotReceiver
  /** Changes up to here were committed before this start. They are applied again, and are no news: only what came of them is told. */
  readonly #oldNews: Index
  #repairs: string | undefined
  #tellsMembership = false
  #stopped = false

  constructor(options: EngineOptions<Result>) {
    const { ports, state, settings, identity, restored } = options
    const { clock, logStore, snapshotStore, transport } = ports
    this.metrics = new NodeMetrics(clock)
    this.ports = ports
    this.state = state
    this.settings = settings
    this.identity = identity
    this.address = options.address
    this.#emit = event => {
      this.metrics.event(event)
      options.emit(event)
    }
    this.raft = createCore({ id: identity.nodeId, clock, settings, restored, inspect: options.inspect })
    options.inspect?.core?.(this.raft)
    const { raft, members } = this
    if (restored.snapshot !== undefined) members.restore(restored.snapshot)
    this.#oldNews = restored.hardState.commit
    this.#repairs = restored.repairs

    this.changed = new Bell(clock)
    this.advanced = new Bell(clock)
    this.faults = new Faults(fault => this.#emit({ type: 'fault', ...fault }))
    this.pending = new Pending(clock)
    const thrift = new Trial(clock.random() < 0.9, closeTogether) // mostly it begins with the way that costs less; simulations see both
    const groupCommit = new GroupCommit(clock, () => this.wake(), thrift)
    this.proposals = new Proposals(raft, this.pending, groupCommit, (...batch) => this.metrics.proposed(...batch))
    const { nodeId: self } = identity
    this.peers = new Peers({ clock, transport, members, self, address: this.address, introduced: options.introduced })
    const base = restored.snapshot ?? { term: 0, index: 0 }
    this.applier = new Applier(
      raft,
      { term: base.term, index: base.index },
      { clock, state, snapshotStore, members },
      this.#applyListener(),
    )
    const applied = () => this.applier.applied
    this.freshness = new Freshness({ raft, clock, members, self, clockDrift: settings.clockDrift, applied, start: options.start })
    const mayLease = () => leaseFits(settings)
    this.reads = new Reads(raft, clock, () => applied().index, mayLease)
    this.space = new SpaceWatch(this, options.reserve, event => this.#emit(event))
    const hasRoomFor = (bytes: number) => this.space.hasRoomFor(bytes)
    const snapshotParts = { clock, raft, applier: this.applier, members, state, logStore, snapshotStore, settings, hasRoomFor }
    this.snapshots = new Snapshotter(snapshotParts, restored.snapshot ?? { index: 0, size: 0 }, this.#snapshotterEvents())
    this.#sender = new SnapshotSender(raft, ports, settings, run => this.input(run))
    this.#receiver = new SnapshotReceiver(
      raft,
      clock,
      (meta, data) => this.snapshots.receive(meta, data),
      run => this.input(run),
    )
    this.#thrifty = this.#makeThrifty(thrift)
    this.#notices = new HeldNotices(clock, message => this.#thrifty.send(message))
    this.#failover = this.#makeFailover()
    this.#driver = new Driver(raft, clock, this.metrics.watch(logStore), this.#outputs())
    this.#ticker = this.#makeTicker()
    this.metrics.observe(this)
  }

  #makeThrifty(trial: Trial): Thrifty {
    return new Thrifty({
      clock: this.ports.clock,
      self: this.identity.nodeId,
      membership: () => this.members.membership,
      commit: () => this.raft.commit,
      pays: () => trial.isSecond,
      send: message => this.#send(message),
    })
  }

  #makeFailover(): Failover {
    const { raft, ports, settings, members, peers, identity } = this
    const isThere = (id: NodeId) => id === identity.nodeId || peers.isConnected(id)
    return new Failover({
      raft,
      clock: ports.clock,
      input: run => this.input(run),
      tickMs: () => settings.tickMs,
      reachesQuorum: () => voteOutcome(members.membership, isThere) === 'won',
    })
  }

  #makeTicker(): Ticker {
    const { raft, settings } = this
    const { clock } = this.ports
    const diskWatch = new DiskWatch(raft, settings.electionTicks, () => this.#driver.hurry())
    const timeRecorder = new TimeRecorder(this)
    const digestWatch = new DigestWatch(this, event => this.#emit(event))
    return new Ticker(clock, settings.tickMs, lateMs => {
      this.metrics.ticked(lateMs, raft.commit)
      this.peers.tick()
      this.input(() => {
        diskWatch.tick(this.#driver.currentSave)
        raft.tick(clock.now())
        timeRecorder.look()
        digestWatch.look()
        this.space.tick()
      })
    })
  }

  /** Why the log of this node is being filled again, while it is. */
  get repairs(): string | undefined {
    return this.#repairs
  }

  get stopped(): boolean {
    return this.#stopped
  }

  get queuedSaves(): number {
    return this.#driver.unsaved
  }

  /** @throws RaftError INVALID_ARGUMENT; then nothing has changed. */
  reconfigure(changes: Partial<LiveSettings>): void {
    const checked = checkLive(changes)
    const { leaseReads = false } = this.members.membership
    if (leaseReads && checked.tickMs !== undefined && checked.tickMs < this.settings.tickMs) {
      throw new RaftError('INVALID_ARGUMENT', 'tickMs cannot get shorter while leases rest on it: turn leaseReads off first')
    }
    Object.assign(this.settings, checked)
    this.#ticker.tickMs = this.settings.tickMs
  }

  start(): void {
    this.#checkMembership()
    this.peers.update()
    this.#tellOldNews()
    this.space.tick()
    this.#ticker.start()
    if (this.#repairs !== undefined) this.#emit({ type: 'repair', what: 'begun', reason: this.#repairs })
    if (this.#isOnlyVoter()) this.input(() => this.raft.campaign())
    this.wake()
  }

  /** Something was put into the core. */
  wake(): void {
    this.#driver.wake()
  }

  /** Puts something into the core, unless this node has stopped. */
  input(run: () => void): void {
    if (this.#stopped) return
    try {
      run()
    } catch (error) {
      this.fail(invariantBroken(error))
    }
    this.wake()
  }

  /** Nobody else could lead, so there is nobody to wait for. */
  #isOnlyVoter(): boolean {
    const { voters, outgoing } = this.members.membership
    return voters.length === 1 && voters[0] === this.identity.nodeId && outgoing.length === 0
  }

  #send(message: Message): void {
    if (!this.peers.isLeaving(message.to)) this.ports.transport.send(this.freshness.sign(message))
  }

  receive(from: NodeId, message: PeerMessage): void {
    // No member sends these: a snapshot comes with its data (receiveSnapshot), and a proposal as a request, which is looked at first.
    if (message.type === 'installSnapshot' || message.type === 'propose') return
    this.peers.heardFrom(from)
    if (message.freshness !== undefined) this.freshness.receive(message)
    if (message.type === 'appendEntries' && message.entries.length > 0 && !this.space.takes(message.entries)) return
    if (message.type === 'appendReply' && message.accepted && !message.repairing) this.#thrifty.acknowledged(from, message.index)
    this.input(() => this.raft.step(message))
    if (message.type === 'preVote') this.#failover.asked(message.lastEntry)
  }

  async receiveSnapshot(from: NodeId, message: Message, meta: SnapshotMeta, data: SnapshotData): Promise<void> {
    if (this.#stopped) throw new RaftError('NODE_STOPPED', `${this.identity.nodeId} is stopping`)
    this.peers.heardFrom(from)
    await this.#receiver.receive(message, meta, data)
  }

  peerChanged(id: NodeId, state: 'connected' | 'lost' | 'refused'): void {
    if (this.#stopped) return
    this.peers.changed(id, state)
    if (state !== 'connected') this.input(() => this.raft.reportUnreachable(id))
    this.#failover.peerChanged(id, state)
    this.#emit({ type: 'peer', id, state })
  }

  #repaired(): void {
    this.#repairs = undefined
    this.#emit({ type: 'repair', what: 'finished', reason: 'the log is whole again' })
    this.changed.ring()
  }

  /** This node cannot go on: nothing more is acknowledged, and everybody who waits is told. */
  fail(error: RaftError): void {
    if (this.#stopped) return
    this.faults.raise(error.code, error.message)
    void this.stop(error)
    // Peers that see the connection refused need not wait for an election timeout.
    void this.ports.transport.close()
  }

  /** Ends ticks, Readys and waiting callers. Resolves once nothing is being written any more. */
  async stop(error: RaftError): Promise<void> {
    this.#stopped = true
    this.#ticker.stop()
    this.#failover.stop()
    this.#notices.stop()
    this.#thrifty.stop()
    this.applier.stop()
    this.#receiver.stop()
    this.proposals.stop(error)
    this.pending.stop(maybeApplied(error)) // others may apply what this node has begun
    this.reads.stop(error)
    this.changed.ring()
    this.advanced.ring()
    await Promise.all([this.#driver.stop(), this.snapshots.stop(), this.space.stop()])
  }

  #outputs(): Outputs {
    return {
      softState: ({ role, leader }) => {
        this.#failover.leaderChanged(leader)
        this.#emit({ type: 'role', role, term: this.raft.term, leader })
        this.changed.ring()
      },
      send: message => (message.type === 'installSnapshot' ? this.#sender.send(message) : this.#notices.send(message)),
      resetTo: snapshot => ({
        position: { term: snapshot.term, index: snapshot.index },
        chain: this.#receiver.metaOf(snapshot.index).chain,
      }),
      install: ({ index }: Snapshot) => this.applier.install(this.#receiver.metaOf(index)),
      apply: (entries, isUrgent) => this.applier.take(entries, isUrgent),
      reads: states => this.reads.answered(states),
      repaired: () => this.#repaired(),
      gathered: () => {
        this.proposals.propose()
        this.reads.ask()
      },
      failed: error => this.fail(error),
    }
  }

  #snapshotterEvents(): SnapshotterEvents {
    return {
      begins: () => this.#receiver.giveWay(),
      taken: index => this.#emit({ type: 'snapshot', index, cause: 'taken' }),
      missed: reason => this.#emit({ type: 'snapshotFailure', reason }),
      failed: error => this.fail(error),
    }
  }

  #applyListener(): ApplyListener<Result> {
    return {
      entry: (entry: Entry, outcome: EntryOutcome<Result>) => {
        this.snapshots.count(entry)
        this.pending.applied(entry, outcome)
      },
      membership: () => this.#membershipChanged(),
      installed: (meta: SnapshotMeta) => {
        this.pending.skipped(meta.index)
        this.snapshots.installed(meta)
        this.#receiver.installed(meta.index)
        this.#membershipChanged()
        this.#emit({ type: 'snapshot', index: meta.index, cause: 'installed' })
      },
      applied: (index: Index) => {
        this.metrics.applied(index)
        if (!this.advanced.isIdle) this.advanced.ring()
        this.#tellOldNews()
        this.reads.release()
        this.snapshots.maybeTake()
        // On a leader, commands may have waited for these.
        if (this.raft.role === 'leader' || this.raft.hasReady()) this.wake()
      },
      failed: (error: RaftError) => this.fail(error),
    }
  }

  #membershipChanged(): void {
    this.peers.update()
    if (this.#tellsMembership) this.#tellMembership()
    this.#checkMembership()
    this.changed.ring()
  }

  /** Once, as soon as all of it is applied. */
  #tellOldNews(): void {
    if (this.#tellsMembership || this.applier.applied.index < this.#oldNews) return
    this.#tellsMembership = true
    if (this.members.membershipIndex > 0) this.#tellMembership()
  }

  #tellMembership(): void {
    const { membership, membershipIndex } = this.members
    this.#emit({ type: 'membership', membership, index: membershipIndex })
  }

  #checkMembership(): void {
    const { nodeId } = this.identity
    if (!this.members.wasRemoved(nodeId)) return
    this.faults.raise('NOT_A_MEMBER', `${nodeId} was removed from the cluster: stop it, its folder is of no more use`)
  }
}
