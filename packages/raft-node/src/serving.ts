import type { NodeId } from 'raft-core'
import type { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import type { Leading } from './leading.ts'
import type { MembershipService } from './membership-service.ts'
import {
  decodeRequest,
  encodeAnswer,
  encodeError,
  encodeIds,
  encodeJoinAnswer,
  type PeerAnswer,
  type PeerRequest,
} from './peer-requests.ts'
import type { Proposing } from './proposing.ts'
import { packAll } from './tuples.ts'
import { type Deadline, deadlineFor } from './wait.ts'

type Parts<Result> = {
  readonly engine: Engine<Result>
  readonly leading: Leading
  readonly proposing: Proposing<Result>
  readonly membership: MembershipService
  readonly isClosing: () => boolean
}

/** No asker may keep this node waiting for longer, whatever it says. */
const maxTimeoutMs = 600_000
const nothing = new Uint8Array(0)

/** Answers what other nodes ask. A request is served here or refused, and never passed on: so none can go in circles or be done twice. */
export class Serving<Result> {
  readonly #parts: Parts<Result>

  constructor(parts: Parts<Result>) {
    this.#parts = parts
  }

  /** Never rejects: errors are answers, too. */
  async answer(from: NodeId, body: Uint8Array): Promise<Uint8Array> {
    try {
      return encodeAnswer(await this.#parts.engine.inProgress.run(this.#serve(from, decodeRequest(body))))
    } catch (error) {
      return encodeError(error)
    }
  }

  async #serve(from: NodeId, request: PeerRequest): Promise<PeerAnswer> {
    const { engine, leading } = this.#parts
    engine.peers.heardFrom(from)
    if (request.kind === 'closing') {
      engine.peers.closing(from)
      return { index: 0, term: 0, result: nothing }
    }
    if (request.kind === 'diskFull') {
      engine.space.peerSays(from, request.isFull)
      return { index: 0, term: 0, result: nothing }
    }
    if (request.kind === 'digests') return { index: 0, term: 0, result: packAll(engine.state.digests?.latest() ?? []) }
    engine.faults.check()
    if (this.#parts.isClosing())
      throw new RaftError('NODE_STOPPED', `${engine.identity.nodeId} is stopping: ask the next leader`, { outcome: 'not-applied' })
    if (engine.raft.role !== 'leader') throw leading.notLeader()
    return this.#lead(request, deadlineFor(engine.ports.clock, { timeoutMs: Math.min(request.timeoutMs, maxTimeoutMs) }))
  }

  async #lead(request: Exclude<PeerRequest, { kind: 'closing' | 'diskFull' | 'digests' }>, deadline: Deadline): Promise<PeerAnswer> {
    const { proposing, membership } = this.#parts
    if (request.kind === 'apply') {
      const { index, term, result } = await proposing.applyHere(request.command, deadline)
      return { index, term, result: proposing.encodeResult(result) }
    }
    if (request.kind === 'applyBatch') {
      const outcomes = await proposing.applyBatchHere(request.commands, deadline)
      return { index: 0, term: 0, result: proposing.encodeOutcomes(outcomes) }
    }
    if (request.kind === 'entry') return proposing.ownHere(request.entry, deadline)
    if (request.kind === 'barrier') return { ...(await proposing.barrierHere(deadline)), result: nothing }
    if (request.kind === 'edit') {
      const { index, added } = await membership.editHere(request.edits, request.ifIndex, deadline)
      return { index, term: 0, result: encodeIds(added) }
    }
    if (request.kind === 'join') {
      const answer = await membership.joinHere(request.join, deadline)
      return { index: 0, term: 0, result: encodeJoinAnswer(answer) }
    }
    if (request.kind === 'leaseReads') return { index: await membership.leaseReadsHere(request.on, deadline), term: 0, result: nothing }
    return { index: await membership.changeHere(request.change, request.id, deadline), term: 0, result: nothing }
  }
}
