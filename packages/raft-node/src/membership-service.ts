import type { Index, MemberChange, NodeId } from 'raft-core'
import type { JoinAnswer, JoinRequest, MemberEdit } from './api.ts'
import type { Engine } from './engine.ts'
import { maybeApplied, RaftError } from './errors.ts'
import { joinStep } from './join-step.ts'
import type { Job, Leading } from './leading.ts'
import { checkAddress, memberChange, planEdits } from './member-edits.ts'
import { encodeInfos, idLengthMax } from './member-info.ts'
import { type ChangeKind, decodeIds, decodeJoinAnswer, type PeerAnswer } from './peer-requests.ts'
import type { MemberInfo } from './ports.ts'
import { checkedClientAddress, checkName } from './settings.ts'
import { successor } from './transfer.ts'
import { type Deadline, gaveUp, gaveUpWaiting, remainingMs } from './wait.ts'

type Changing = { readonly changes: readonly MemberChange[] } | { readonly leaseReads: boolean }

/** Who belongs to the cluster: the leader's part, and the way to it from every other member. */
export class MembershipService {
  readonly #engine: Engine<unknown>
  readonly #leading: Leading

  constructor(engine: Engine<unknown>, leading: Leading) {
    this.#engine = engine
    this.#leading = leading
  }

  /** Every request of a caller here: those that other nodes pass on begin with the leader's part. */
  async #run<T>(job: Job<T>, deadline: Deadline): Promise<T> {
    if (deadline.signal?.aborted) throw gaveUp()
    return this.#leading.run(job, deadline, true)
  }

  change(change: ChangeKind, id: NodeId, deadline: Deadline): Promise<Index> {
    const job = {
      here: () => this.changeHere(change, id, deadline),
      request: (timeoutMs: number) => ({ kind: 'change' as const, timeoutMs, change, id }),
      decode: ({ index }: { index: Index }) => index,
    }
    return this.#run(job, deadline)
  }

  leaseReads(on: boolean, deadline: Deadline): Promise<Index> {
    const job = {
      here: () => this.leaseReadsHere(on, deadline),
      request: (timeoutMs: number) => ({ kind: 'leaseReads' as const, timeoutMs, on }),
      decode: ({ index }: { index: Index }) => index,
    }
    return this.#run(job, deadline)
  }

  /** All of the edits at once (joint consensus, §6, where it takes that); resolves with the index, and the ids of those who were added. */
  edit(edits: readonly MemberEdit[], ifIndex: Index | undefined, deadline: Deadline): Promise<Edited> {
    const job = {
      here: () => this.editHere(edits, ifIndex, deadline),
      request: (timeoutMs: number) => ({ kind: 'edit' as const, timeoutMs, edits, ifIndex }),
      decode: ({ index, result }: PeerAnswer) => ({ index, added: decodeIds(result) }),
    }
    return this.#run(job, deadline)
  }

  async editHere(edits: readonly MemberEdit[], ifIndex: Index | undefined, deadline: Deadline): Promise<Edited> {
    const { members, identity } = this.#engine
    for (;;) {
      this.#requireLeadership()
      if (ifIndex !== undefined && members.membershipIndex !== ifIndex) {
        if (!this.#hasBegun) throw this.#leading.transferring(`${identity.nodeId} has just taken over: try again in a moment`)
        throw this.#leading.refusal('stale-membership')
      }
      const { changes, infos, added } = planEdits(members, edits)
      this.#handOver(changes)
      const index = await this.#propose({ changes }, infos, deadline)
      if (index === undefined) continue
      await this.#untilJointIsLeft(deadline)
      return { index, added }
    }
  }

  /** Until then a majority of the old voters has its say, too, so nobody of them may go. Whoever leads next leaves it as well. */
  async #untilJointIsLeft(deadline: Deadline): Promise<void> {
    const { members, ports, changed } = this.#engine
    while (members.membership.outgoing.length > 0 && !this.#engine.stopped) {
      if (deadline.signal?.aborted) throw gaveUpWaiting(deadline.signal.reason)
      const left = remainingMs(ports.clock, deadline)
      if (left === 0)
        throw new RaftError(
          'TIMED_OUT',
          `the members are changed, but the old voters still have a say after ${deadline.timeoutMs} ms: wait`,
        )
      await changed.next(left, deadline.signal)
    }
  }

  async join(join: JoinRequest, deadline: Deadline): Promise<JoinAnswer> {
    checkJoin(join)
    const answer = this.#knownAnswer(join)
    if (answer !== undefined) return answer
    const job = {
      here: () => this.joinHere(join, deadline),
      request: (timeoutMs: number) => ({ kind: 'join' as const, timeoutMs, join }),
      decode: ({ result }: { result: Uint8Array }) => decodeJoinAnswer(result),
      isRepeatable: true, // each step is looked for before it is taken
    }
    return this.#run(job, deadline)
  }

  /**
   * Any member can tell a folder that it is a member already. That must not take a leader: there may be none before this very folder is
   * up, since its vote is needed.
   */
  #knownAnswer(request: JoinRequest): JoinAnswer | undefined {
    const { members, identity } = this.#engine
    const known = members.current().find(info => info.incarnation === request.incarnation)
    if (known === undefined || known.address !== request.address || known.clientAddress !== request.clientAddress) return undefined
    return { clusterId: identity.clusterId, nodeId: known.id, members: members.current() }
  }

  async changeHere(change: ChangeKind, id: NodeId, deadline: Deadline): Promise<Index> {
    const { members } = this.#engine
    for (;;) {
      this.#requireLeadership()
      const wanted = memberChange(members, { type: change, id })
      const isDone = change !== 'remove' && members.isLearner(id) === (change === 'demote')
      if (isDone) return members.membershipIndex
      if (change !== 'promote') this.#requireAnotherVoter(id)
      this.#handOver([wanted])
      const index = await this.#propose({ changes: [wanted] }, [], deadline)
      if (index !== undefined) return index
    }
  }

  async leaseReadsHere(on: boolean, deadline: Deadline): Promise<Index> {
    const { members } = this.#engine
    for (;;) {
      this.#requireLeadership()
      if ((members.membership.leaseReads === true) === on) return members.membershipIndex
      const index = await this.#propose({ leaseReads: on }, [], deadline)
      if (index !== undefined) return index
    }
  }

  async joinHere(request: JoinRequest, deadline: Deadline): Promise<JoinAnswer> {
    checkJoin(request)
    const { members, identity } = this.#engine
    let isBegun = false
    try {
      for (;;) {
        this.#requireLeadership()
        const step = joinStep(members, identity.nodeId, request)
        if (step.type === 'answer') return { clusterId: identity.clusterId, nodeId: step.id, members: members.current() }
        if (step.change.type === 'remove') this.#requireAnotherVoter(step.change.id)
        const index = await this.#propose({ changes: [step.change] }, step.info === undefined ? [] : [step.info], deadline)
        isBegun ||= index !== undefined
      }
    } catch (error) {
      // The member that is to be replaced may be gone by now.
      throw isBegun && error instanceof RaftError ? maybeApplied(error) : error
    }
  }

  /**
   * Proposes it as soon as no other change is pending; resolves with its index once it is applied here. Undefined: the membership has
   * changed while this waited for its turn, so look again whether it is still right.
   */
  async #propose(what: Changing, infos: readonly MemberInfo[], deadline: Deadline): Promise<Index | undefined> {
    const { raft, members, pending, ports, settings, changed } = this.#engine
    const context = infos.length === 0 ? undefined : encodeInfos(infos)
    const { membershipIndex } = members
    for (;;) {
      this.#leading.requireRunning()
      const taken = raft.proposeMembership({ transition: 'auto', changes: [], ...what, context }, membershipIndex)
      if (taken.accepted === true) {
        this.#engine.wake()
        return (await pending.add({ index: taken.index, term: taken.term }, deadline)).index
      }
      const reason = taken.accepted === false ? taken.reason : 'not-leader'
      if (reason === 'stale-membership' && members.membershipIndex !== membershipIndex) return undefined
      // Stale and yet unchanged here: a snapshot that the core has taken is still being restored.
      const passes = reason === 'change-pending' || reason === 'stale-membership'
      const left = remainingMs(ports.clock, deadline)
      if (deadline.signal?.aborted) throw gaveUpWaiting(deadline.signal.reason) // an earlier step of the same request may be done
      if (!passes || left === 0) throw this.#leading.refusal(reason)
      await changed.next(Math.min(left, settings.tickMs), deadline.signal)
    }
  }

  #requireLeadership(): void {
    this.#engine.faults.check()
    if (this.#engine.stopped || this.#engine.raft.role !== 'leader') throw this.#leading.notLeader()
  }

  /**
   * A leader that goes hands over first (thesis §3.10, §4.2.2) to one that stays, which then lets it go. If it went as the leader, the
   * others would learn of that only from it: stopped at once, it could leave one behind that needs its vote. Whoever asked tries again.
   * Where none of the voters stays there is nobody to hand over to.
   */
  #handOver(changes: readonly MemberChange[]): void {
    const { identity, members, raft } = this.#engine
    const leaving = new Set(changes.flatMap(({ type, id }) => (type === 'voter' ? [] : [id])))
    if (!leaving.has(identity.nodeId)) return
    const staying = members.membership.voters.filter(id => !leaving.has(id))
    if (staying.length === 0) return
    const why = `${identity.nodeId} leads and hands over before it goes`
    // Two that go must not hand it to and fro: what others have asked this leader for comes first.
    if (members.membership.outgoing.length > 0 || !this.#hasBegun) throw this.#leading.transferring(`${why}: try again in a moment`)
    const { progress, transferTarget } = raft.status()
    const answering = new Set(progress.flatMap(({ id, active }) => (active && staying.includes(id) ? [id] : [])))
    const isUnderWay = transferTarget !== undefined && answering.has(transferTarget)
    const target = isUnderWay ? transferTarget : successor(this.#engine, id => answering.has(id))
    if (target === undefined) throw this.#leading.transferring(`${why}, and of ${staying.join(', ')} none answers: start one of them`)
    raft.transferLeadership(target)
    this.#engine.wake()
    throw this.#leading.transferring(`${why}, and ${target} has not taken over yet: try again in a moment`)
  }

  /** It has applied an entry of its own term, and so everything before that: what it knows of the members is the latest. */
  get #hasBegun(): boolean {
    const { raft } = this.#engine
    const { applied, term } = raft.status()
    const [entry] = raft.entries(applied, applied)
    return entry === undefined || entry.term === term
  }

  #requireAnotherVoter(id: NodeId): void {
    const { voters } = this.#engine.members.membership
    if (voters.length > 1 || voters[0] !== id) return
    throw new RaftError('INVALID_ARGUMENT', `${id} is the only voter: without it the cluster can decide nothing. Add another one first`)
  }
}

export type Edited = { readonly index: Index; readonly added: readonly NodeId[] }

function checkJoin({ id, address, clientAddress, incarnation }: JoinRequest): void {
  checkName(id)
  checkAddress(address)
  checkedClientAddress(clientAddress)
  if (incarnation === '') throw new RaftError('INVALID_ARGUMENT', 'a join says which data folder it is for: its incarnation is missing')
  if (/^[!-~]+$/.test(incarnation) && incarnation.length <= idLengthMax) return
  throw new RaftError('INVALID_ARGUMENT', `an incarnation is at most ${idLengthMax} visible ASCII characters, as a node draws it`)
}
