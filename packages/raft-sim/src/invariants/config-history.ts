import type { Index, Membership, NodeId } from 'raft-core'

type Config = { readonly index: Index; readonly membership: Membership }

/** The membership that every applied change led to, as first seen. */
export class ConfigHistory {
  readonly #configs: Config[]

  constructor(index: Index, membership: Membership) {
    this.#configs = [{ index, membership }]
  }

  /** The change at this index, if it was seen. */
  at(index: Index): Membership | undefined {
    return this.#configs.find(config => config.index === index)?.membership
  }
  /** In effect once everything up to this index is applied. */
  upTo(index: Index): Membership {
    return this.#configs.findLast(config => config.index <= index)?.membership ?? this.#configs[0]!.membership
  }
  /** Where the one that this change replaced was made; undefined for the first that is known. */
  before(index: Index): Index | undefined {
    return this.#configs.findLast(config => config.index < index)?.index
  }
  get latest(): Config {
    return this.#configs[this.#configs.length - 1]!
  }
  record(index: Index, membership: Membership): void {
    const place = this.#configs.findIndex(config => config.index > index)
    if (place === -1) this.#configs.push({ index, membership })
    else this.#configs.splice(place, 0, { index, membership })
  }
}

/** Memberships are plain values with sorted lists. */
export function sameMembership(a: Membership, b: Membership): boolean {
  if (a === b) return true
  return a.autoLeave === b.autoLeave && a.leaseReads === b.leaseReads && lists.every(name => sameList(a[name], b[name]))
}
const lists = ['voters', 'outgoing', 'learners', 'learnersNext', 'promoting'] as const

function sameList(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}

export function showMembership({ voters, outgoing, learners, learnersNext, autoLeave, promoting, leaseReads }: Membership): string {
  const parts = [`voters=(${voters.join(' ')})`]
  if (outgoing.length > 0) parts.push(`outgoing=(${outgoing.join(' ')})${autoLeave ? ' autoLeave' : ''}`)
  if (learners.length > 0) parts.push(`learners=(${learners.join(' ')})`)
  if (learnersNext.length > 0) parts.push(`next=(${learnersNext.join(' ')})`)
  if (promoting.length > 0) parts.push(`promoting=(${promoting.join(' ')})`)
  if (leaseReads) parts.push('lease-reads')
  return parts.join(' ')
}
