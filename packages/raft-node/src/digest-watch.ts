import type { NodeId } from 'raft-core'
import type { NodeEvent } from './api.ts'
import type { DigestAt } from './digests.ts'
import type { Engine } from './engine.ts'
import { decodeAnswer, encodeRequest } from './peer-requests.ts'
import { text, unpackAll, whole } from './tuples.ts'

const everyMs = 5_000
const timeoutMs = 2_000

/**
 * While this node leads, and its state machine gives digests, it asks the others for theirs now and then. Members whose states differ
 * after the same command have a state machine that is not deterministic: that is told, once for each member and term, with the index.
 */
export class DigestWatch {
  readonly #engine: Engine<unknown>
  readonly #emit: (event: NodeEvent) => void
  readonly #told = new Set<string>()
  #askedAt: number

  constructor(engine: Engine<unknown>, emit: (event: NodeEvent) => void) {
    this.#engine = engine
    this.#emit = emit
    this.#askedAt = engine.ports.clock.now()
  }

  /** At every tick. */
  look(): void {
    const { raft, state, ports, peers } = this.#engine
    if (state.digests === undefined || raft.role !== 'leader' || ports.clock.now() - this.#askedAt < everyMs) return
    this.#askedAt = ports.clock.now()
    for (const { id } of peers.known()) if (peers.isConnected(id)) void this.#compare(id)
  }

  async #compare(id: NodeId): Promise<void> {
    const { ports, state, raft } = this.#engine
    const body = encodeRequest({ kind: 'digests', timeoutMs })
    try {
      const { result } = decodeAnswer(await ports.transport.request(id, body, { timeoutMs }))
      const found = state.digests?.firstDifference(unpackAll(result).map(digestFrom))
      const key = `${id} ${raft.term}`
      if (found === undefined || this.#engine.stopped || this.#told.has(key)) return
      this.#told.add(key)
      this.#emit({ type: 'divergence', id, ...found })
    } catch {
      // It does not answer now, or gives no digests: asked again later.
    }
  }
}

function digestFrom(tuple: unknown): DigestAt {
  if (!Array.isArray(tuple)) throw new Error('a digest is not a tuple')
  return [whole(tuple[0], 'an index'), text(tuple[1], 'a digest')]
}
