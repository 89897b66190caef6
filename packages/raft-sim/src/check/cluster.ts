import type { Message, Raft, RaftOptions } from 'raft-core'
import { createRaft, noMembers } from 'raft-core'
import type { Bounds } from './bounds.ts'
import { isDead } from './dead-letters.ts'
import { PairTable } from './fingerprints.ts'
import type { Budget, Input, OwnInput } from './inputs.ts'
import { ownInputs, spend, spent } from './inputs.ts'
import { checkBelief, checkCommit, checkPair } from './invariants.ts'
import type { Origin } from './live-node.ts'
import type { Transition } from './local-states.ts'
import { LocalStates } from './local-states.ts'
import type { NodeView } from './node-view.ts'
import { nodeIds, renamings } from './symmetry.ts'

export type ClusterOptions = {
  readonly bounds: Bounds
  /** The code under test. Default raft-core's. */
  readonly createCore?: (options: RaftOptions) => Raft
  /** States that differ only in the names of the nodes count as one. Default true. */
  readonly symmetric?: boolean
  /** Invariants that are not looked at. */
  readonly without?: readonly string[]
}

/** A step of the cluster: an input to one of its nodes. Numbered, so that a path is a list of numbers. */
export type Action = {
  readonly node: number
  readonly key: number
  readonly input: Input
  readonly costs: Budget | undefined
  /** What arrives. */
  readonly message?: number
  readonly repeats: boolean
}

/** What may happen to a cluster, and what must hold: the states of its nodes as numbers, with the messages on their way. */
export class Cluster {
  readonly bounds: Bounds
  readonly local: LocalStates
  readonly nodes: number
  readonly #own: readonly OwnInput[]
  readonly #without: ReadonlySet<string>
  readonly #agree = new PairTable()
  readonly #ids: string[]

  constructor({ bounds, createCore, symmetric, without }: ClusterOptions) {
    this.bounds = bounds
    this.#ids = nodeIds(bounds)
    this.nodes = this.#ids.length
    this.#own = ownInputs(bounds, this.#ids)
    this.#without = new Set(without)
    this.local = new LocalStates({
      bounds,
      createCore: createCore ?? createRaft,
      renamings: renamings(bounds, symmetric ?? true),
      without: this.#without,
    })
  }

  /** The founders start from a snapshot that holds the membership alone, others from nothing. */
  origins(): Origin[] {
    return this.#ids.map((id, place) => origin(id, this.#ids.slice(0, this.bounds.voters), place < this.bounds.voters))
  }

  /** An input of the node itself: numbers from 0 on, one for each input of each node. */
  get ownActions(): number {
    return this.#own.length * this.nodes
  }
  deliver(message: number, repeats: boolean): number {
    return this.ownActions + message * 2 + (repeats ? 1 : 0)
  }
  action(number: number): Action {
    const keys = this.#own.length
    if (number < this.ownActions) {
      const key = number % keys
      const { input, costs } = this.#own[key]!
      return { node: Math.floor(number / keys), key, input, costs, repeats: false }
    }
    const message = (number - this.ownActions) >> 1
    const repeats = ((number - this.ownActions) & 1) === 1
    const item = this.message(message)
    const input = { type: 'deliver', message: item } as const
    return { node: this.place(item), key: keys + message, message, input, costs: repeats ? 'duplicates' : undefined, repeats }
  }
  message(number: number): Message {
    return this.local.messages.items[number]!
  }
  place({ to }: Message): number {
    return this.#ids.indexOf(to)
  }

  isDead(message: number, state: number): boolean {
    return isDead(this.message(message), this.local.view(state), this.bounds)
  }

  transition(state: number, { key, input }: Action): Transition {
    return this.local.transition(state, key, input)
  }

  mayTake(state: number, { input, costs }: Action, ordinal: number | undefined, budgets: number): boolean {
    if (costs !== undefined && this.isSpent(budgets, costs)) return false
    const view = this.local.view(state)
    switch (input.type) {
      case 'save':
        return view.hasSaves
      case 'time out':
        return view.role !== 'leader' && view.term <= this.bounds.terms
      case 'lease ends':
        return view.leaseHolds
      case 'heartbeat':
        return view.role === 'leader'
      case 'crash':
        return !input.kept || view.mayKeep
      case 'propose':
        return view.role === 'leader' && spent(budgets, 'entries') === ordinal
      case 'change':
        return view.role === 'leader'
      case 'deliver':
        return true
    }
  }
  ordinal(action: number): number | undefined {
    return this.#own[action % this.#own.length]?.ordinal
  }

  isSpent(budgets: number, budget: Budget): boolean {
    return spent(budgets, budget) >= this.bounds[budget]
  }
  spend(budgets: number, costs: Budget | undefined): number {
    return costs === undefined ? budgets : spend(budgets, costs)
  }

  /** Throws a Violation. `states`: those of all nodes after a step of the node at `changed`, which was in the state `before`. */
  checkCommitted(states: ArrayLike<number>, changed: number, before: number): void {
    const views = Array.from(states, state => this.local.view(state))
    checkCommit(views[changed]!, this.local.view(before).membership, views, this.#without)
  }
  checkState(states: ArrayLike<number>, changed: number): void {
    const view = this.local.view(states[changed]!)
    let committed = this.bounds.voters > 0 ? 1 : 0
    for (let i = 0; i < states.length; i++) {
      committed = Math.max(committed, committedBy(this.local.view(states[i]!)))
      if (i !== changed) this.#checkAgreement(states[Math.min(i, changed)]!, states[Math.max(i, changed)]!)
    }
    checkBelief(view, committed, this.#without)
  }
  #checkAgreement(first: number, second: number): void {
    if (this.#agree.get(first, second) !== -1) return
    checkPair({ a: this.local.view(first), b: this.local.view(second) }, this.#without)
    this.#agree.set(first, second, 1)
  }
}

function committedBy({ reigns }: NodeView): number {
  let commit = 0
  for (const reign of reigns) commit = Math.max(commit, reign.commit)
  return commit
}

function origin(id: string, founders: readonly string[], founds: boolean): Origin {
  const membership = { ...noMembers, voters: founders }
  const snapshot = { term: 1, index: 1, membership, membershipIndex: 1, data: new Uint8Array(0) }
  const hardState = founds ? { term: 1, vote: undefined, commit: 1 } : { term: 0, vote: undefined, commit: 0 }
  return { id, disk: { snapshot: founds ? snapshot : undefined, hardState, entries: [] }, reigns: [] }
}
