import type { Index, NodeId } from 'raft-core'
import type { Applied, CallOptions, JoinAnswer, JoinRequest, Node, NodeEvent, NodeOptions, NodeStatus } from './api.ts'
import { closeDown } from './closing.ts'
import type { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import { Leading } from './leading.ts'
import { MembershipService } from './membership-service.ts'
import { openEngine, type Opened } from './opening.ts'
import type { Identity, MemberInfo, Ports } from './ports.ts'
import { Proposing } from './proposing.ts'
import { realPorts } from './real-ports.ts'
import { Serving } from './serving.ts'
import { settingsFrom } from './settings.ts'
import { nodeStatus } from './status.ts'
import { type Deadline, deadlineFor, remainingMs } from './wait.ts'

/** The world of a node, where it is not the real one: for simulations and tests. The state machine always comes with the options. */
export type PortOverrides = Partial<Omit<Ports<never>, 'stateMachine'>>

/** One member of a cluster, with its folder, its port and its state machine. */
export class RaftNode<Result> implements Node<Result> {
  readonly membership: Node<Result>['membership']
  readonly #engine: Engine<Result>
  readonly #leading: Leading
  readonly #proposing: Proposing<Result>
  readonly #changes: MembershipService
  #closed: Promise<void> | undefined

  /**
   * Starts a node from its folder; a new folder founds a cluster or joins one first. Rejects with a RaftError that says what to do,
   * and leaves nothing open then.
   */
  static async open<Result>(options: NodeOptions<Result>, overrides: PortOverrides = {}): Promise<RaftNode<Result>> {
    const settings = settingsFrom(options)
    const ports: Ports<Result> = { ...realPorts(options, overrides), stateMachine: options.stateMachine }
    try {
      const opened = await openEngine(ports, options, settings, quietly(options.onEvent))
      return new RaftNode(opened, options.resultCodec)
    } catch (error) {
      await Promise.allSettled([ports.transport.close(), ports.logStore.close()])
      throw error
    }
  }

  private constructor({ engine, gate }: Opened<Result>, codec: NodeOptions<Result>['resultCodec']) {
    this.#engine = engine
    this.#leading = new Leading(engine)
    this.#proposing = new Proposing(engine, this.#leading, codec)
    this.#changes = new MembershipService(engine, this.#leading)
    this.membership = this.#membershipApi()
    const parts = { engine, leading: this.#leading, proposing: this.#proposing, membership: this.#changes }
    const serving = new Serving({ ...parts, isClosing: () => this.#closed !== undefined })
    gate.open({ engine, answer: (from, body) => serving.answer(from, body) })
    engine.start()
  }

  get identity(): Identity {
    return this.#engine.identity
  }

  async apply(command: Uint8Array, options: CallOptions & { readonly forward?: boolean } = {}): Promise<Applied<Result>> {
    return this.#proposing.apply(command, this.#begin(options), options.forward ?? true)
  }

  async barrier(options: CallOptions = {}): Promise<Index> {
    const deadline = this.#begin(options)
    const index = await this.#proposing.barrier(deadline)
    await this.#until(() => this.#engine.applier.applied.index >= index, deadline, () => this.#behind(index, deadline))
    return index
  }

  async read(options: CallOptions & { readonly consistency?: 'linearizable' | 'stale' } = {}): Promise<Index> {
    const deadline = this.#begin(options)
    if (options.consistency === 'stale') return this.#engine.applier.applied.index
    const index = this.#engine.reads.add(deadline)
    this.#engine.wake()
    return index
  }

  async transferLeadership(options: CallOptions & { readonly target?: NodeId } = {}): Promise<NodeId> {
    throw new RaftError('INVALID_ARGUMENT', String(options))
  }

  async snapshot(options: CallOptions = {}): Promise<Index> {
    this.#begin(options)
    return this.#engine.snapshots.take()
  }

  status(): NodeStatus {
    return nodeStatus(this.#engine, this.#closed !== undefined)
  }

  leader(): MemberInfo | undefined {
    const { raft, members, peers } = this.#engine
    if (raft.leader === undefined) return undefined
    return members.info(raft.leader) ?? peers.info(raft.leader)
  }

  async waitForLeader(options: CallOptions = {}): Promise<MemberInfo> {
    const deadline = this.#begin(options)
    await this.#until(() => this.leader() !== undefined, deadline, () => this.#noLeader(deadline))
    return this.leader() as MemberInfo
  }

  close(options: { readonly transfer?: boolean } = {}): Promise<void> {
    this.#closed ??= closeDown(this.#engine, options.transfer ?? true)
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
