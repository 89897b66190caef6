import { type Index, type Membership, type NodeId, noMembers } from 'raft-core'
import { generationOf, idOf, nameOf } from './node-names.ts'
import type { MemberInfo, SnapshotMeta } from './ports.ts'

/**
 * Who belongs to the cluster as of the last applied entry, and what each told of itself. Part of the replicated state: made only from
 * applied entries and snapshots, so equal on every node at the same index.
 *
 * Infos of removed members stay, the latest life of each name: whoever knows them knows a removed node when it calls, and gives a
 * newcomer of that name the next generation.
 */
export class Members {
  #membership: Membership = noMembers
  #membershipIndex: Index = 0
  #infos = new Map<NodeId, MemberInfo>()

  get membership(): Membership {
    return this.#membership
  }

  get membershipIndex(): Index {
    return this.#membershipIndex
  }

  /** A membership change was applied. */
  change(membership: Membership, index: Index, infos: readonly MemberInfo[]): void {
    this.#membership = membership
    this.#membershipIndex = index
    for (const info of infos) this.#infos.set(info.id, info)
    this.#forgetEarlierLives()
  }

  /** A snapshot replaced everything. */
  restore(meta: SnapshotMeta): void {
    this.#membership = meta.membership
    this.#membershipIndex = meta.membershipIndex
    this.#infos = new Map(meta.members.map(info => [info.id, info]))
  }

  /** Members now, sorted by id. */
  current(): readonly MemberInfo[] {
    const { voters, outgoing, learners } = this.#membership
    const ids = [...new Set([...voters, ...outgoing, ...learners])].sort()
    return ids.map(id => this.info(id) ?? { id, address: '', clientAddress: '', incarnation: '' })
  }

  /** Everything a snapshot must keep: removed ones too. Sorted, so that equal states are written as equal bytes. */
  all(): readonly MemberInfo[] {
    return [...this.#infos.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  info(id: NodeId): MemberInfo | undefined {
    return this.#infos.get(id)
  }

  has(id: NodeId): boolean {
    return this.isVoter(id) || this.isLearner(id)
  }

  isVoter(id: NodeId): boolean {
    return this.#membership.voters.includes(id) || this.#membership.outgoing.includes(id)
  }

  isLearner(id: NodeId): boolean {
    return this.#membership.learners.includes(id)
  }

  /** Whether this id was a member and will never be one again. */
  wasRemoved(id: NodeId): boolean {
    if (this.has(id)) return false
    return generationOf(id) <= this.#latestGeneration(nameOf(id))
  }

  /** The id of this name's next life. */
  nextId(name: string): NodeId {
    return idOf(name, this.#latestGeneration(name) + 1)
  }

  #latestGeneration(name: string): number {
    let latest = 0
    for (const id of this.#infos.keys()) if (nameOf(id) === name) latest = Math.max(latest, generationOf(id))
    return latest
  }

  #forgetEarlierLives(): void {
    for (const id of this.#infos.keys()) {
      if (!this.has(id) && generationOf(id) < this.#latestGeneration(nameOf(id))) this.#infos.delete(id)
    }
  }
}
