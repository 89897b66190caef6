import type { Membership, NodeId } from 'raft-core'
import { Ghost, NodeGhost } from '../invariants/ghost.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { Violation } from '../invariants/invariant.ts'
import { Observer } from '../invariants/observer.ts'
import type { Application } from './application.ts'
import type { Disk } from './disk.ts'
import { History } from './history.ts'
import { NodeImage } from './node-image.ts'
import { Staleness } from './staleness.ts'

/** Where every cluster begins: the snapshot of its founder, which holds nothing but the membership. */
const genesis = { index: 1, term: 1, chain: 1 }

/**
 * Everything known of one cluster. Mostly there is only one; a founder whose folder was lost, started again by its first command, makes
 * another.
 */
export class Cluster<Result> {
  readonly id: string
  readonly observer: Observer
  readonly history: History<Result>
  readonly staleness = new Staleness(genesis.index)
  readonly #images = new Map<NodeId, NodeImage>()

  constructor(id: string, founder: NodeId, application: Application<Result>, invariants: readonly Invariant[]) {
    this.id = id
    const membership: Membership = { voters: [founder], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
    const ghost = new Ghost(genesis, membership)
    ghost.digests[genesis.index] = application.create().digest()
    this.observer = new Observer(ghost, invariants)
    this.history = new History(ghost, application)
  }

  get ghost(): Ghost {
    return this.observer.ghost
  }

  /** A node begins to run as this member, on this disk. */
  member(id: NodeId, disk: Disk, electionTicks: number): { readonly ghost: NodeGhost; readonly image: NodeImage } {
    const { ghost } = this
    let image = this.#images.get(id)
    if (image === undefined) {
      image = new NodeImage((index, term) => ghost.chainOf(index, term) ?? ghost.committed.chainAt(index) ?? 0)
      this.#images.set(id, image)
      ghost.nodes.set(id, new NodeGhost(id, image, { checkQuorum: true, electionTicks }))
      image.attach(disk)
    } else if (image.disk !== disk) {
      throw new Violation('wiped-identity', id, `${id} has lost its folder, and starts again under the same identity`)
    }
    return { ghost: ghost.node(id), image }
  }

  /** Something on the disk of this member is not what was written. */
  damaged(id: NodeId): void {
    this.#images.get(id)?.damaged()
  }
  /** An old copy of the folder of this member has taken its place, on this disk. */
  putBack(id: NodeId, disk: Disk): void {
    this.#images.get(id)?.putBack(disk)
  }
  /** The folder of this member is gone. */
  wiped(id: NodeId): void {
    this.#images.get(id)?.freeze()
  }
}
