import type { Status } from '../cluster/kv-cluster.ts'

/** Who led in which term, as often as it was looked at; terms only grow, so no election goes by unseen between two looks. */
export class Leadership {
  readonly #first: string
  readonly #terms = new Set<number>()
  readonly #leaders = new Set<string>()
  #looks = 0
  #silent = 0

  constructor(leader: string) {
    this.#first = leader
  }

  /** What the nodes say; undefined: one did not answer in time. */
  look(statuses: readonly (Status | undefined)[]): void {
    this.#looks += 1
    for (const status of statuses) {
      if (status === undefined) this.#silent += 1
      else this.#terms.add(status.term)
      if (status?.leader) this.#leaders.add(status.leader.id)
    }
  }

  /** Empty: the same node led all the time, in one term. @throws Error if it was never looked at. */
  changes(): string[] {
    if (this.#terms.size === 0) throw new Error('no node has said which term it is in')
    const terms = [...this.#terms].sort((a, b) => a - b)
    const others = [...this.#leaders].filter(id => id !== this.#first)
    return [...(terms.length > 1 ? [`terms ${terms.join(', ')}`] : []), ...others.map(id => `${id} led`)]
  }

  summary(): string {
    return `${this.#first} led in term ${[...this.#terms][0]} at each of ${this.#looks} looks at all nodes (${this.#silent} answers were late).`
  }
}
