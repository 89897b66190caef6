import { Violation } from '../invariants/invariant.ts'
import type { Action, ClusterOptions } from './cluster.ts'
import { Cluster } from './cluster.ts'
import { FingerprintSet, mix } from './fingerprints.ts'
import { Frontier, Links } from './frontier.ts'
import { stepsOf } from './walk.ts'

export type SearchOptions = ClusterOptions & {
  /** Asked now and then, with the progress so far: whether to stop. */
  readonly isEnough?: (soFar: Progress) => boolean
  /** Also counts how many states there would be if the names of the nodes made a difference. */
  readonly countsOrbits?: boolean
}

export type Progress = {
  /** Steps taken, states that differ, and steps from the first state to the last ones. */
  readonly generated: number
  readonly distinct: number
  readonly depth: number
  /** States first met at each depth, as far as it was completed. */
  readonly levels: readonly number[]
}

export type SearchResult = Progress & {
  /** Whether nothing within the bounds is left. */
  readonly exhausted: boolean
  /** Pairs of a node's state and an input: how often the core ran. */
  readonly runs: number
  /** With `countsOrbits`: the states that these stand for. */
  readonly unmerged: number
  readonly failure: { readonly invariant: string; readonly message: string; readonly path: readonly number[] } | undefined
}

/** Breadth first, so that what it finds first is a shortest way there. */
export function search(options: SearchOptions, cluster = new Cluster(options)): SearchResult {
  return new Search(options, cluster).run()
}

/** The first places of a row: where it was found, and what is spent. */
const indexAt = 0
const budgetsAt = 1
const nodesAt = 2
const maxMessages = 250

class Search {
  readonly #options: SearchOptions
  readonly #cluster: Cluster
  readonly #seen = new FingerprintSet()
  readonly #links = new Links()
  readonly #actions: Action[] = []
  /** The row being expanded is at `messagesAt` and after: the numbers of its messages, sorted. */
  readonly #messagesAt: number
  readonly #renamings: number
  /** Sums of the hashes of all parts of the state being expanded, under every renaming. */
  readonly #high: Int32Array
  readonly #low: Int32Array
  readonly #next: Int32Array
  readonly #states: Int32Array
  /** Messages that the step being taken removes and adds, and to which node each message goes. */
  readonly #removedMessages = new Int32Array(maxMessages)
  readonly #addedMessages = new Int32Array(maxMessages)
  #removed = 0
  #added = 0
  readonly #places: number[] = []
  #frontier = new Frontier()
  #generated = 0
  #depth = 0
  readonly #levels = [1]
  /** The first state is alike under all names. */
  #unmerged = 1

  constructor(options: SearchOptions, cluster: Cluster) {
    this.#options = options
    this.#cluster = cluster
    const { nodes } = this.#cluster
    this.#messagesAt = nodesAt + nodes
    this.#renamings = (options.symmetric ?? true) ? factorial(options.bounds.voters) * factorial(options.bounds.others) : 1
    this.#high = new Int32Array(this.#renamings)
    this.#low = new Int32Array(this.#renamings)
    this.#next = new Int32Array(this.#messagesAt + maxMessages)
    this.#states = new Int32Array(nodes)
  }

  run(): SearchResult {
    let failure: SearchResult['failure']
    let exhausted = false
    try {
      this.#begin()
      exhausted = this.#exhaust()
      this.#cluster.local.checkDeadLetters()
    } catch (error) {
      if (error instanceof Violation) failure = { invariant: error.invariant, message: error.message, path: [] }
      else if (error instanceof Found) failure = this.#failureOf(error)
      else throw error
    }
    return { ...this.#progress(), exhausted, runs: this.#cluster.local.runs, unmerged: this.#unmerged, failure }
  }

  #failureOf({ violation: { invariant, message }, from, action }: Found): SearchResult['failure'] {
    return { invariant, message, path: stepsOf(this.#cluster, [...this.#links.pathTo(from), action]) }
  }

  #progress(): Progress {
    return { generated: this.#generated, distinct: this.#seen.size, depth: this.#depth, levels: this.#levels }
  }

  #begin(): void {
    const cluster = this.#cluster
    const row = this.#next
    row[budgetsAt] = 0
    cluster.origins().forEach((origin, i) => {
      row[nodesAt + i] = cluster.local.start(origin)
    })
    this.#sum(row.subarray(0, this.#messagesAt))
    this.#seen.add(mix(this.#high[0]!), mix(this.#low[0]!))
    this.#add(row, this.#messagesAt, -1, 0)
  }

  #exhaust(): boolean {
    const { isEnough } = this.#options
    while (this.#frontier.rows > 0) {
      const level = this.#frontier
      this.#frontier = new Frontier()
      let rows = 0
      for (const row of level.drain()) {
        if ((++rows & 0x3ff) === 0 && isEnough?.(this.#progress())) return false
        this.#expand(row)
      }
      if (this.#frontier.rows === 0) continue
      this.#depth++
      this.#levels.push(this.#frontier.rows)
    }
    return true
  }

  #expand(row: Int32Array): void {
    this.#sum(row)
    const cluster = this.#cluster
    const budgets = row[budgetsAt]!
    for (let number = 0; number < cluster.ownActions; number++) {
      const action = this.#action(number)
      if (cluster.mayTake(row[nodesAt + action.node]!, action, cluster.ordinal(number), budgets)) this.#take(row, action, number, -1)
    }
    const mayRepeat = !cluster.isSpent(budgets, 'duplicates')
    for (let at = this.#messagesAt; at < row.length; at++) {
      const message = row[at]!
      if (at > this.#messagesAt && row[at - 1] === message) continue
      const number = cluster.deliver(message, false)
      this.#take(row, this.#action(number), number, message)
      if (mayRepeat) this.#take(row, this.#action(number + 1), number + 1, -1)
    }
  }

  #action(number: number): Action {
    const known = this.#actions[number]
    if (known !== undefined) return known
    const action = this.#cluster.action(number)
    this.#actions[number] = action
    return action
  }

  /** `consumed`: the message that is not on its way any more, or -1. */
  #take(row: Int32Array, action: Action, number: number, consumed: number): void {
    this.#generated++
    const cluster = this.#cluster
    const at = nodesAt + action.node
    const before = row[at]!
    const transition = cluster.transition(before, action)
    const from = row[indexAt]!
    if (transition.violation !== undefined) throw new Found(transition.violation, from, number)
    const { to, sends } = transition
    // What changes nothing but the messages on their way might as well not have happened: a message may always stay where it is.
    if (to === before && sends.length === 0) return
    const next = this.#next
    for (let i = 0; i < this.#messagesAt; i++) next[i] = row[i]!
    next[at] = to
    next[budgetsAt] = cluster.spend(row[budgetsAt]!, action.costs)
    if (transition.commits) this.#guard(from, number, () => cluster.checkCommitted(this.#statesOf(next), action.node, before))
    const length = this.#moveMessages(row, action.node, consumed, sends)
    if (to === before && this.#added === 0) return
    if (!this.#isNew(next[budgetsAt]!, before, to)) return
    this.#guard(from, number, () => cluster.checkState(this.#statesOf(next), action.node))
    this.#add(next, length, from, number)
  }

  #statesOf(row: Int32Array): Int32Array {
    for (let i = 0; i < this.#states.length; i++) this.#states[i] = row[nodesAt + i]!
    return this.#states
  }

  #guard(from: number, action: number, check: () => void): void {
    try {
      check()
    } catch (error) {
      if (error instanceof Violation) throw new Found(error, from, action)
      throw error
    }
  }

  /** Takes away what arrived and what is dead now, and adds what was sent; the rest stays, sorted. */
  #moveMessages(row: Int32Array, node: number, consumed: number, sends: readonly number[]): number {
    const cluster = this.#cluster
    const next = this.#next
    const to = next[nodesAt + node]!
    let length = this.#messagesAt
    let pending = consumed
    let removed = 0
    for (let at = this.#messagesAt; at < row.length; at++) {
      const message = row[at]!
      const arrived = message === pending
      if (arrived) pending = -1
      if (arrived || (this.#places[message] === node && cluster.isDead(message, to))) this.#removedMessages[removed++] = message
      else next[length++] = message
    }
    this.#removed = removed
    this.#added = 0
    for (const message of sends) {
      if (!cluster.isDead(message, next[nodesAt + this.#placeOf(message)]!)) length = this.#insert(message, length)
    }
    return length
  }
  #placeOf(message: number): number {
    const known = this.#places[message]
    if (known !== undefined) return known
    const place = this.#cluster.place(this.#cluster.message(message))
    this.#places[message] = place
    return place
  }
  #insert(message: number, length: number): number {
    const next = this.#next
    if (length === next.length) throw new RangeError(`more than ${maxMessages} messages on their way: narrow the bounds`)
    this.#addedMessages[this.#added++] = message
    let at = length
    while (at > this.#messagesAt && next[at - 1]! > message) {
      next[at] = next[at - 1]!
      at--
    }
    next[at] = message
    return length + 1
  }

  #sum(row: Int32Array): void {
    const { states, messages } = this.#cluster.local
    for (let renaming = 0; renaming < this.#renamings; renaming++) {
      let high = 0
      let low = 0
      for (let at = nodesAt; at < row.length; at++) {
        const part = at < this.#messagesAt ? states : messages
        const place = row[at]! * this.#renamings + renaming
        high += part.high[place]!
        low += part.low[place]!
      }
      this.#high[renaming] = high
      this.#low[renaming] = low
    }
  }

  /** A state is known by the least of its fingerprints under all renamings: sums, since the order of nodes and messages means nothing. */
  #isNew(budgets: number, before: number, to: number): boolean {
    const { states, messages } = this.#cluster.local
    const count = this.#renamings
    let leastHigh = 0
    let leastLow = 0
    const sums: string[] = []
    for (let renaming = 0; renaming < count; renaming++) {
      let high = this.#high[renaming]! + states.high[to * count + renaming]! - states.high[before * count + renaming]!
      let low = this.#low[renaming]! + states.low[to * count + renaming]! - states.low[before * count + renaming]!
      for (let i = 0; i < this.#removed; i++) {
        high -= messages.high[this.#removedMessages[i]! * count + renaming]!
        low -= messages.low[this.#removedMessages[i]! * count + renaming]!
      }
      for (let i = 0; i < this.#added; i++) {
        high += messages.high[this.#addedMessages[i]! * count + renaming]!
        low += messages.low[this.#addedMessages[i]! * count + renaming]!
      }
      high |= 0
      low |= 0
      if (this.#options.countsOrbits) sums.push(`${high} ${low}`)
      if (renaming === 0 || high < leastHigh || (high === leastHigh && low < leastLow)) {
        leastHigh = high
        leastLow = low
      }
    }
    const isNew = this.#seen.add(mix(leastHigh ^ Math.imul(budgets, 0x9e3779b1)), mix(leastLow + Math.imul(budgets, 0x85ebca77)))
    if (isNew && this.#options.countsOrbits) this.#unmerged += new Set(sums).size
    return isNew
  }

  #add(row: Int32Array, length: number, from: number, action: number): void {
    row[indexAt] = this.#links.add(from, action)
    this.#frontier.push(row, length)
  }
}

class Found {
  readonly violation: Violation
  readonly from: number
  readonly action: number
  constructor(violation: Violation, from: number, action: number) {
    this.violation = violation
    this.from = from
    this.action = action
  }
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1)
}
