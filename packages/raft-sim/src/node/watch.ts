import type { Entry, Index, Membership, MembershipEntry, Message, NodeId, Raft, Ready } from 'raft-core'
import type { Identity, Inspect, StateMachine } from 'raft-node'
import type { Coverage } from '../coverage.ts'
import { describeTrace } from '../describe.ts'
import type { NodeGhost } from '../invariants/ghost.ts'
import { Violation } from '../invariants/invariant.ts'
import type { Journal, Place } from '../journal.ts'
import type { ObservedMachine } from './application.ts'
import type { Cluster } from './cluster.ts'
import { inputs } from './core-inputs.ts'
import { ToldDigests } from './differing.ts'
import type { Disk } from './disk.ts'
import { checkNewcomers } from './inviting.ts'
import type { Process } from './process.ts'
import { checkContent, checkMeta, checkSent, type StoreWatch } from './watched-stores.ts'

/** What a node's observer needs of the world around it. */
export type WatchWorld<Result> = {
  readonly journal: Journal
  readonly coverage: Coverage
  readonly now: number
  readonly electionTicks: number
  /** Runs a check; the first one that fails ends the run. */
  check(run: () => void): void
  /** The cluster of this id; made when its founder shows it. */
  cluster(id: string, founder: string): Cluster<Result>
  readonly operators: { readonly promoted: ReadonlySet<NodeId> }
  /** Nodes are given digests of the state, to compare them. */
  readonly comparesDigests: boolean
  /** How long the state machine computes for one command, in milliseconds. */
  applyMs(): number
}

type Method = (...args: never[]) => unknown

/**
 * Looks over the shoulder of one node, from its start to its end: puts itself between the production code and its core, its state
 * machine and its stores, changes nothing, and tells the invariants.
 */
export class NodeWatch<Result> {
  core: Raft | undefined
  cluster: Cluster<Result> | undefined
  ghost: NodeGhost | undefined
  identity: Identity | undefined
  /** What is on the disk may be ahead of the watermark. */
  isSaving = false
  readonly digests = new ToldDigests()
  readonly #world: WatchWorld<Result>
  readonly #place: Place
  readonly #process: Process
  readonly #disk: () => Disk
  readonly #machine: ObservedMachine<Result>
  /** Committed entries that the core has handed out and the node has not applied yet. */
  #toApply: Entry[] = []
  #depth = 0
  #tookReady = false
  #ageMs: () => number | undefined = () => undefined
  /** The last command that the state machine was given. */
  #given: Index = 0
  #restored: Index = 0
  /** Up to here the state machine has everything from an earlier life of its own. */
  #keptAt: Index

  constructor(world: WatchWorld<Result>, place: Place, process: Process, disk: () => Disk, machine: ObservedMachine<Result>) {
    this.#world = world
    this.#place = place
    this.#process = process
    this.#disk = disk
    this.#machine = machine
    this.#keptAt = machine.machine.appliedIndex?.() ?? 0
  }

  get applied(): Index {
    return this.ghost?.applied ?? 0
  }
  /** Where the state is: ahead of what is applied, while the node goes through what the state machine had before. */
  get stateAt(): Index {
    return Math.max(this.applied, this.#keptAt)
  }

  /** `ageMs`: what the node says of the age of its data, by a clock that is right. */
  opened(ageMs: () => number | undefined): void {
    this.#ageMs = ageMs
  }

  inspect(): Inspect {
    const { journal } = this.#world
    const trace: Inspect['trace'] = event => journal.note(`${this.core?.id ?? this.#place.id} ${describeTrace(event)}`)
    return { core: raft => this.#check(() => this.#begin(raft)), trace: journal.isRead ? trace : undefined }
  }

  // ── the core ──

  #begin(core: Raft): void {
    const { identity } = this
    if (identity === undefined) throw new Error('a core of a node that has no identity yet')
    const cluster = this.#world.cluster(identity.clusterId, core.id)
    const { observer } = cluster
    const { ghost, image } = cluster.member(core.id, this.#disk(), this.#world.electionTicks)
    const status = core.status()
    const index = status.first - 1
    image.core = core
    observer.restarted(ghost, status, {
      index,
      term: observer.ghost.committed.termAt(index) ?? 0,
      chain: observer.ghost.committed.chainAt(index) ?? 0,
    })
    if (status.repairing) this.#world.coverage.saw('repair')
    else {
      this.#disk().isDamaged = false
      image.whole()
    }
    this.core = core
    this.cluster = cluster
    this.ghost = ghost
    checkContent(core, index, ghost.log)
    this.#checkState(Math.max(this.#restored, this.#keptAt))
    this.#intercept(core)
  }

  #intercept(core: Raft): void {
    const target = core as unknown as Record<string, Method>
    for (const name of inputs) {
      const call = target[name]!.bind(core) as Method
      target[name] = (...args) => {
        if (this.#depth > 0) return call(...args)
        this.#depth++
        try {
          this.#before()
          return this.#around(name, () => call(...args), args)
        } finally {
          this.#depth--
          this.#check(() => this.#called(core))
        }
      }
    }
    const ready = core.ready.bind(core)
    target.ready = () => this.#took(ready())
  }

  #called(core: Raft): void {
    const { ghost, staleness } = this.cluster!
    this.#observer.called(this.ghost!, core)
    staleness.committed(ghost.committed.last, this.#process.now)
  }

  get #observer() {
    return this.cluster!.observer
  }
  #check(run: () => void): void {
    if (this.#process.isAlive) this.#world.check(run)
  }

  /** All that the last Ready asked for at once was done when something new comes in. */
  #before(): void {
    if (!this.#tookReady) return
    this.#tookReady = false
    this.#check(() => this.#observer.settled(this.ghost!))
  }

  #around(name: (typeof inputs)[number], call: () => unknown, args: readonly unknown[]): unknown {
    switch (name) {
      case 'tick':
        return this.#tick(call)
      case 'step':
        return this.#step(call, args[0] as Message)
      case 'read':
        this.#check(() => this.#observer.readAsked(this.ghost!, args[0] as string, args[1] !== undefined))
        return call()
      case 'transferLeadership':
        this.#observer.transferAsked(this.ghost!)
        return call()
      case 'compact':
        this.#check(() => this.#compacts(args[0] as Index))
        return call()
      case 'appliedTo':
        this.#check(() => this.#appliedTo(args[0] as Index))
        return call()
      case 'applyMembership':
        return this.#applyMembership(call as () => Membership, args[0] as MembershipEntry)
      default:
        return call()
    }
  }

  #tick(call: () => unknown): void {
    const core = this.core!
    const { journal, now } = this.#world
    const { role, term } = core
    const wasIdle = !core.hasReady()
    this.#check(() => this.checkAge())
    journal.hold()
    call()
    this.#check(() => this.#observer.ticked(this.ghost!, core))
    if ((wasIdle && core.hasReady()) || core.role !== role || core.term !== term) {
      journal.record('timeout', now, this.#place, 0, 0, () => `${role} in term ${term}`)
    }
    journal.release()
  }

  /** What the node would say to somebody who asked now. */
  checkAge(): void {
    const { coverage } = this.#world
    const claimed = this.#ageMs()
    if (claimed === undefined || this.cluster === undefined) return
    this.cluster.staleness.check(this.core!.id, claimed, this.applied, this.#process.now)
    coverage.saw('age of data told')
  }

  #step(call: () => unknown, message: Message): unknown {
    this.#check(() => this.#observer.arrives(this.ghost!, message, this.core!))
    const result = call()
    this.#check(() => this.#observer.arrived(this.ghost!, message, this.core!))
    return result
  }

  #compacts(index: Index): void {
    if (index <= this.ghost!.log.base) return
    this.#observer.compacted(this.ghost!, index)
    this.#world.coverage.saw('compaction')
  }

  #took(ready: Ready): Ready {
    this.#check(() => {
      const { coverage } = this.#world
      const ghost = this.ghost!
      const { entries, snapshot } = ready
      if (entries.length > 0 && entries[0]!.index <= ghost.log.last) coverage.saw('truncation')
      // The state comes beside the message: its digest is looked at when it is restored.
      const digest = snapshot === undefined ? undefined : this.#observer.ghost.digests[snapshot.index]
      this.#observer.took(ghost, this.core!, ready, digest ?? 0)
      for (const read of ready.reads) {
        if ('expired' in read) coverage.saw('expired read')
        else {
          if (this.core!.role === 'leader' && this.#observer.isByLease(ghost, read.context)) coverage.saw('read by lease')
          this.#observer.readReleased(ghost, read.context, read.index)
        }
      }
      for (const entry of ready.apply) this.#toApply.push(entry)
      this.#tookReady = true
    })
    return ready
  }

  /** A message leaves for another node. */
  sent(message: Message): void {
    this.#check(() => this.#observer.sent(this.ghost!, message))
  }

  // ── the state machine ──

  stateMachine(): StateMachine<Result> {
    const { machine } = this.#machine
    return {
      apply: (command, index) => {
        this.#process.work(this.#world.applyMs())
        this.#check(() => {
          this.#checkOnce(index)
          this.#appliesUpTo(index - 1)
        })
        const result = machine.apply(command, index)
        this.#given = index
        this.#check(() => {
          this.#appliesUpTo(index)
          this.cluster!.history.gets(index, result)
        })
        return result
      },
      snapshot: () => machine.snapshot(),
      ...(this.#world.comparesDigests && { digest: () => this.digests.tell(this.#given, this.#machine.digest()) }),
      ...(machine.appliedIndex && { appliedIndex: () => this.#keptAt }),
      restore: async (data, index) => {
        const isByClient = this.ghost !== undefined && this.ghost.installing !== index && this.#toApply.some(entry => entry.index === index)
        this.#check(() => {
          this.#checkOnce(index)
          if (isByClient) this.#appliesUpTo(index - 1)
        })
        await machine.restore(data, index)
        this.digests.clear()
        if (isByClient) this.#given = index
        else this.#check(() => this.#restores(index))
      },
    }
  }

  #appliesUpTo(index: Index): void {
    while (this.#toApply.length > 0 && this.#toApply[0]!.index <= index) this.#applies(this.#toApply.shift()!)
  }
  #applies(entry: Entry): void {
    const { history } = this.cluster!
    const known = this.#observer.ghost.digests[entry.index]
    if (known === undefined) history.applies(entry)
    const isKept = entry.index <= this.#keptAt
    if (isKept) this.#world.coverage.saw('kept by the state machine')
    history.reached(entry.index, isKept || this.#given === entry.index)
    const digest = isKept && known !== undefined ? known : this.#machine.digest()
    if (digest !== (history.restoredDigest(entry.index) ?? digest))
      throw new Violation(
        'restore',
        this.core?.id,
        `${this.core?.id} holds another state after entry ${entry.index} than was restored there`,
      )
    this.#observer.applied(this.ghost!, entry, digest)
  }
  /** What the state machine has it is not given again, and it does not go back. */
  #checkOnce(index: Index): void {
    const has = Math.max(this.#given, this.#keptAt, this.#restored)
    if (index > has) return
    throw new Violation(
      'kept-state',
      this.core?.id,
      `the state machine of ${this.core?.id} is given ${index}, and has everything up to ${has}`,
    )
  }

  #applyMembership(call: () => Membership, entry: MembershipEntry): Membership {
    const core = this.core!
    const { coverage } = this.#world
    const led = core.role === 'leader'
    this.#check(() => this.#appliesUpTo(entry.index))
    const membership = call()
    this.#check(() => {
      // A snapshot that is still on its way to the disk has the last word on the membership already.
      if (core.status().membershipIndex > entry.index) return
      this.#changes(entry.index, membership)
      coverage.saw('membership change')
      if (membership.learners.length > 0) coverage.saw('learner')
      if (membership.outgoing.length > 0) coverage.saw('joint membership')
      if (led && core.role !== 'leader') coverage.saw('removed leader')
    })
    return membership
  }

  #changes(index: Index, membership: Membership): void {
    const { configs, nodes } = this.#observer.ghost
    if (configs.at(index) === undefined) checkNewcomers(configs.upTo(index - 1), membership, nodes, this.#world.operators.promoted)
    this.#observer.reconfigured(this.ghost!, index, membership)
  }

  /** A snapshot that the state machine was ahead of is not given to it. */
  #appliedTo(index: Index): void {
    const ghost = this.ghost!
    this.#appliesUpTo(index)
    if (index > this.#keptAt || ghost.installing !== index || ghost.applied >= index) return
    this.#toApply = this.#toApply.filter(entry => entry.index > index)
    this.#observer.restored(ghost, index)
  }

  #restores(index: Index): void {
    this.#restored = index
    if (this.ghost === undefined) return
    this.#toApply = this.#toApply.filter(entry => entry.index > index)
    this.#checkState(index)
    this.#observer.restored(this.ghost, index)
    this.#world.coverage.saw('installed snapshot')
  }
  #checkState(index: Index): void {
    const { core } = this
    if (index === 0 || this.#observer.ghost.digests[index] === this.#machine.digest()) return
    throw new Violation(
      'state-machine-safety',
      core?.id,
      `${core?.id} restores a snapshot at ${index} whose state is not the one at ${index}`,
    )
  }

  // ── the stores ──

  stores(): StoreWatch {
    return {
      learns: identity => {
        this.identity = identity
      },
      saves: isSaving => {
        this.isSaving = isSaving
      },
      finds: damage => this.#check(() => this.#checkDamage(damage)),
      writes: meta => this.#check(() => checkMeta(this.core?.id, meta, this.cluster?.ghost.configs)),
      written: (asked, written) =>
        this.#check(() => {
          checkSent(this.core?.id, asked, written)
          this.#world.coverage.saw('snapshot taken')
        }),
    }
  }

  /** A log that was well written and well kept is never taken for a damaged one. */
  #checkDamage(reason: string): void {
    if (this.#disk().isDamaged) return
    const id = this.identity?.nodeId ?? this.#place.id
    throw new Violation('integrity', id, `${id} finds its log damaged, and nothing has damaged it: ${reason}`)
  }
}
