import type { Index, NodeId, Term } from 'raft-core'
import { announceAddresses } from './announcing.ts'
import type {
  Applied,
  ApplyOptions,
  BatchOptions,
  BatchOutcome,
  CallOptions,
  ChangeOptions,
  Consistency,
  DroppedEvents,
  Leadership,
  Node,
  NodeEvent,
  NodeOptions,
  NodeStatus,
  Reloadable,
  SessionSerial,
  Sessions,
} from './api.ts'
import { closeDown } from './closing.ts'
import type { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import { EventHub } from './event-hub.ts'
import { logEvent } from './event-log.ts'
import { Leading } from './leading.ts'
import { MembershipService } from './membership-service.ts'
import type { MetricsRegistry } from './metrics.ts'
import { type Opened, openEngine } from './opening.ts'
import type { Identity, MemberInfo } from './ports.ts'
import { Proposing } from './proposing.ts'
import type { ReadKind } from './reads.ts'
import { type World, withLogKind, worldFor } from './real-ports.ts'
import { forgetRestore, restoreState } from './restore-state.ts'
import { Serving } from './serving.ts'
import { checked, SessionService } from './session-service.ts'
import { settingsFrom } from './settings.ts'
import { nodeStatus } from './status.ts'
import { transferTo } from './transfer.ts'
import { leaderships, membershipViews } from './views.ts'
import { type Deadline, deadlineFor, gaveUp, remainingMs, Wait } from './wait.ts'
import { Waits } from './waits.ts'

/** One member of a cluster: its folder, its port and its state machine. */
export class RaftNode<Result> implements Node<Result> {
  readonly membership: Node<Result>['membership']
  readonly sessions: Sessions<Result>
  readonly metrics: MetricsRegistry
  readonly #engine: Engine<Result>
  readonly #hub: EventHub
  readonly #leading: Leading
  readonly #proposing: Proposing<Result>
  #closed: Promise<void> | undefined

  /**
   * Starts a node from its folder; a new folder founds a cluster or joins one first. Rejects with a RaftError that says what to do, and
   * leaves nothing open then. `overrides` puts other ports in place of the real ones: a simulated world, for example.
   */
  static async open<Result>(options: NodeOptions<Result>, overrides: Partial<World> = {}): Promise<RaftNode<Result>> {
    const { onEvent, logger, resultCodec } = options
    const settings = settingsFrom(options)
    const world = worldFor(overrides.logStore === undefined ? await withLogKind(options) : options, overrides)
    const hub = new EventHub()
    if (onEvent !== undefined) hub.add(onEvent)
    if (logger !== undefined) hub.add(event => logEvent(logger, event))
    try {
      return new RaftNode(await openEngine(world, options, settings, event => hub.emit(event)), hub, resultCodec)
    } catch (error) {
      await world.transport.close()
      throw error
    }
  }

  private constructor({ engine, gate }: Opened<Result>, hub: EventHub, codec: NodeOptions<Result>['resultCodec']) {
    this.#engine = engine
    this.#hub = hub
    this.metrics = engine.metrics.registry
    this.#leading = new Leading(engine)
    this.#proposing = new Proposing(engine, this.#leading, codec)
    const membership = new MembershipService(engine, this.#leading)
    this.membership = {
      join: async (request, options) => membership.join(request, this.#begin(options)),
      promote: async (id, options) => this.#changeMember(membership, 'promote', id, options),
      demote: async (id, options) => this.#changeMember(membership, 'demote', id, options),
      remove: async (id, options) => this.#changeMember(membership, 'remove', id, options),
      add: async (member, options) => {
        const { added } = await membership.edit([{ type: 'add', ...member }], options?.ifMembershipIndex, this.#begin(options))
        return added[0] as NodeId
      },
      replace: async (id, member, options) => {
        const edits = [{ type: 'remove', id } as const, { type: 'add', ...member } as const]
        return (await membership.edit(edits, options?.ifMembershipIndex, this.#begin(options))).added[0] as NodeId
      },
      change: async (edits, options) => (await membership.edit(edits, options?.ifMembershipIndex, this.#begin(options))).index,
      changes: options => membershipViews(engine, options?.signal),
      leaseReads: async (on, options) => membership.leaseReads(on, this.#begin(options)),
    }
    this.sessions = new SessionService({ engine, proposing: this.#proposing, node: this, begin: options => this.#begin(options) })
    const isClosing = () => this.#closed !== undefined
    const serving = new Serving({ engine, leading: this.#leading, proposing: this.#proposing, membership, isClosing })
    gate.open({ engine, answer: (from, body) => serving.answer(from, body) })
    engine.start()
    void announceAddresses(engine, membership)
  }

  /** Done already is done, unless the caller cares which membership it is done to. */
  async #changeMember(
    membership: MembershipService,
    type: 'promote' | 'demote' | 'remove',
    id: NodeId,
    options: ChangeOptions | undefined,
  ): Promise<Index> {
    const deadline = this.#begin(options)
    if (options?.ifMembershipIndex === undefined) return membership.change(type, id, deadline)
    return (await membership.edit([{ type, id }], options.ifMembershipIndex, deadline)).index
  }

  get identity(): Identity {
    return this.#engine.identity
  }

  get role(): NodeStatus['role'] {
    return this.#engine.raft.role
  }
  get term(): NodeStatus['term'] {
    return this.#engine.raft.term
  }
  get commit(): Index {
    return this.#engine.raft.commit
  }
  get applied(): Index {
    return this.#engine.applier.applied.index
  }
  get ageMs(): number | undefined {
    return this.#engine.freshness.ageMs
  }
  get fault(): NodeStatus['fault'] {
    return this.#engine.faults.current
  }
  get isClosing(): boolean {
    return this.#closed !== undefined
  }

  /** Not async: this is what applications do most, and another promise would cost as much as a command's way into the log. */
  apply(command: Uint8Array, options: ApplyOptions = {}): Promise<Applied<Result>> {
    try {
      return this.#apply(command, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #apply(command: Uint8Array, options: ApplyOptions): Promise<Applied<Result>> {
    const deadline = this.#begin(options)
    checkSize(command)
    if (options.session !== undefined) return this.#applyOnce(command, options.session, deadline, options.forward ?? true)
    return this.#engine.inProgress.run(this.#proposing.apply(command, deadline, options.forward ?? true))
  }

  async applyBatch(commands: readonly Uint8Array[], options: BatchOptions = {}): Promise<readonly BatchOutcome<Result>[]> {
    const deadline = this.#begin(options)
    checkBatchSize(commands)
    if (commands.length === 0) return []
    return this.#engine.inProgress.run(this.#proposing.applyBatch(commands, deadline, options.forward ?? true))
  }

  #applyOnce(command: Uint8Array, session: SessionSerial, deadline: Deadline, forward: boolean): Promise<Applied<Result>> {
    const { id, serial, answered } = session
    checked('a session', id)
    checked('the last answered serial number', answered)
    if (checked('a serial number', serial) <= answered)
      throw new RaftError('INVALID_ARGUMENT', `command ${serial} cannot be sent once ${answered} are answered`)
    const envelope = { type: 'sessionCommand', session: id, serial, answered, command } as const
    return this.#engine.inProgress.run(this.#proposing.own(envelope, deadline, forward))
  }

  async barrier(options: CallOptions = {}): Promise<Index> {
    const deadline = this.#begin(options)
    const index = await this.#engine.inProgress.run(this.#proposing.barrier(deadline))
    await this.#untilApplied(index, deadline)
    return index
  }

  async waitForApplied(index: Index, options: CallOptions = {}): Promise<Index> {
    await this.#untilApplied(checked('an index', index), this.#begin(options))
    return this.applied
  }

  async verifyLeader(options: CallOptions = {}): Promise<Term> {
    const { role, term } = this
    if (role === 'leader') {
      await this.read(options)
      if (this.role === 'leader' && this.term === term) return term
    }
    throw this.#leading.notLeader()
  }

  on<Type extends NodeEvent['type']>(type: Type, listener: (event: Extract<NodeEvent, { type: Type }>) => void): () => void {
    return this.#hub.add(event => {
      if (event.type === type) listener(event as Extract<NodeEvent, { type: Type }>)
    })
  }

  events(options: Pick<CallOptions, 'signal'> = {}): AsyncIterable<NodeEvent | DroppedEvents> {
    return this.#hub.read(options)
  }

  leadership({ signal }: Pick<CallOptions, 'signal'> = {}): AsyncIterable<Leadership> {
    return leaderships(this.#engine, signal)
  }

  reconfigure(changes: Reloadable): void {
    this.#engine.reconfigure(changes)
  }

  async read(options: CallOptions & { readonly consistency?: Consistency; readonly maxAgeMs?: number | undefined } = {}): Promise<Index> {
    const deadline = this.#begin(options)
    if (options.consistency === 'stale') {
      this.#engine.freshness.require(options.maxAgeMs)
      return this.#engine.applier.applied.index
    }
    return this.#ask(deadline, options.consistency === 'lease' ? 'lease' : 'read')
  }

  async readIndex(options: CallOptions = {}): Promise<Index> {
    return this.#ask(this.#begin(options), 'index')
  }

  #ask(deadline: Deadline, kind: ReadKind): Promise<Index> {
    const index = this.#engine.reads.add(deadline, kind)
    this.#engine.wake()
    return this.#engine.inProgress.run(index)
  }

  async transferLeadership(options: CallOptions & { readonly target?: NodeId } = {}): Promise<NodeId> {
    return transferTo(this.#engine, this.#leading, options.target, this.#begin(options))
  }

  async snapshot(options: CallOptions = {}): Promise<Index> {
    const deadline = this.#begin(options)
    const wait = new SnapshotWait(deadline)
    const waits = new Waits(this.#engine.ports.clock)
    waits.start(wait)
    this.#engine.snapshots.takeFor(wait)
    return wait.promise.finally(() => waits.stop())
  }

  async restore(data: AsyncIterable<Uint8Array>, options: CallOptions = {}): Promise<Index> {
    this.#begin(options)
    const { inProgress, ports } = this.#engine
    // In its own time, and not its caller's, who has given up: nobody waits for it but who closes this node.
    const forget = (restore: Index) => void inProgress.run(forgetRestore(this.#proposing, restore, deadlineFor(ports.clock)))
    return inProgress.run(restoreState(this.#proposing, data, () => this.#begin(options), forget))
  }

  status(): NodeStatus {
    return nodeStatus(this.#engine, this.#closed !== undefined)
  }

  leader(): MemberInfo | undefined {
    const { leader } = this.#engine.raft
    return leader === undefined ? undefined : this.#engine.peers.info(leader)
  }

  async waitForLeader(options: CallOptions = {}): Promise<MemberInfo> {
    const deadline = this.#begin(options)
    await this.#until(
      () => this.leader() !== undefined,
      deadline,
      () => noLeader(deadline),
    )
    return this.leader() as MemberInfo
  }

  close(options: { readonly transfer?: boolean } = {}): Promise<void> {
    this.#closed ??= closeDown(this.#engine, options.transfer ?? true).finally(() => this.#hub.end())
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Every call of a client begins here: a node that does not serve says why, before anything has happened. */
  #begin(options: CallOptions | undefined): Deadline {
    const { faults, identity, ports } = this.#engine
    faults.check()
    if (this.#closed === undefined) return deadlineFor(ports.clock, options)
    throw new RaftError('NODE_STOPPED', `${identity.nodeId} is stopping: ask another node`, { outcome: 'not-applied' })
  }

  async #untilApplied(index: Index, deadline: Deadline): Promise<void> {
    const { ports, advanced, faults, applier } = this.#engine
    while (applier.applied.index < index) {
      faults.check()
      const left = remainingMs(ports.clock, deadline)
      if (deadline.signal?.aborted) throw gaveUp()
      this.#leading.requireRunning()
      if (left === 0) throw behind(index, deadline)
      await advanced.next(left, deadline.signal)
    }
  }

  async #until(holds: () => boolean, deadline: Deadline, late: () => RaftError): Promise<void> {
    const { ports, settings, changed, faults } = this.#engine
    while (!holds()) {
      faults.check()
      const left = remainingMs(ports.clock, deadline)
      if (deadline.signal?.aborted) throw gaveUp()
      this.#leading.requireRunning()
      if (left === 0) throw late()
      await changed.next(Math.min(left, settings.tickMs), deadline.signal)
    }
  }
}

function noLeader({ timeoutMs }: Deadline): RaftError {
  return new RaftError('NO_LEADER', `no leader within ${timeoutMs} ms: a majority of the voters must be up and reach each other`)
}

function behind(index: Index, { timeoutMs }: Deadline): RaftError {
  return new RaftError('TIMED_OUT', `this node has not applied index ${index} within ${timeoutMs} ms: it is behind, try again`)
}

/** Nothing is taken back: the snapshot goes on. */
class SnapshotWait extends Wait<Index> {
  protected timedOut(): Error {
    const { timeoutMs } = this.deadline
    return new RaftError('TIMED_OUT', `the snapshot is not written after ${timeoutMs} ms; it goes on: look at the status`)
  }

  protected forget(): void {}
}

/** What cannot travel to a follower in one frame (8 MiB with its message) must not get into the log: it would never commit. */
const maxCommandBytes = 8 * 1024 * 1024 - 512

/** What a command takes besides its bytes in the request for it. */
const bytesBeside = 8

/** All of them travel to the leader in one request. */
function checkBatchSize(commands: readonly Uint8Array[]): void {
  const bytes = commands.reduce((sum, { length }) => sum + length + bytesBeside, 0)
  if (bytes <= maxCommandBytes) return
  throw new RaftError('INVALID_ARGUMENT', `${commands.length} commands of ${bytes} bytes together are too long: at most ${maxCommandBytes}`)
}

function checkSize(command: Uint8Array): void {
  if (command.length <= maxCommandBytes) return
  throw new RaftError('INVALID_ARGUMENT', `a command of ${command.length} bytes is too long: at most ${maxCommandBytes}`)
}
