import type { Message, NodeId } from 'raft-core'
import { Violation } from '../invariants/invariant.ts'
import type { Renaming } from './canonical.ts'
import { canonical } from './canonical.ts'
import { isDead } from './dead-letters.ts'
import { hashText, PairTable } from './fingerprints.ts'
import type { Input } from './inputs.ts'
import { checkStep } from './invariants.ts'
import type { NodeSetup, Origin } from './live-node.ts'
import { LiveNode } from './live-node.ts'
import type { NodeView } from './node-view.ts'

/** What an input does to a node: the number of the state that it is in then, and the numbers of the messages that leave. */
export type Transition = {
  readonly to: number
  readonly sends: readonly number[]
  /** Something was committed by counting: whether a majority has it, its state alone does not tell. */
  readonly commits: boolean
  readonly violation: Violation | undefined
}

/** A state of one node, known by how it came about. */
export type LocalState = {
  readonly view: NodeView
  /** Its last start, and what happened to it since. */
  readonly origin: Origin
  readonly parent: LocalState | undefined
  readonly input: Input | undefined
}

/** What is numbered, with a 64-bit hash under every renaming: `high` and `low` of number n begin at n * renamings. */
class Numbered<T> {
  readonly items: T[] = []
  high = new Int32Array(1 << 12)
  low = new Int32Array(1 << 12)
  readonly #numbers = new Map<string, number>()

  get(text: string): number | undefined {
    return this.#numbers.get(text)
  }
  add(text: string, item: T, texts: readonly string[]): number {
    const number = this.items.length
    this.#numbers.set(text, number)
    this.items.push(item)
    if ((number + 1) * texts.length > this.high.length) {
      this.high = enlarged(this.high)
      this.low = enlarged(this.low)
    }
    texts.forEach((renamed, i) => {
      const [high, low] = hashText(renamed)
      this.high[number * texts.length + i] = high
      this.low[number * texts.length + i] = low
    })
    return number
  }
}

function enlarged(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}

export type LocalOptions = NodeSetup & {
  readonly renamings: readonly Renaming[]
  readonly without: ReadonlySet<string>
}

/**
 * Every state that a node was found in, and every message, numbered. A node is a function of its state and its input, so the core runs once
 * for each pair of them, however many states of the cluster hold it: it is made from its disk anew and given its history again. So nothing
 * of it must be copied, and what is searched is the real thing.
 */
export class LocalStates {
  readonly states = new Numbered<LocalState>()
  readonly messages = new Numbered<Message>()
  /** How often the core was run. */
  runs = 0
  readonly #options: LocalOptions
  readonly #known = new PairTable()
  readonly #transitions: Transition[] = []

  constructor(options: LocalOptions) {
    this.#options = options
  }

  start(origin: Origin): number {
    const live = new LiveNode(this.#options, origin)
    return this.#stateOf(live, origin, undefined, undefined)
  }

  view(state: number): NodeView {
    return this.states.items[state]!.view
  }

  /** Throws a Violation unless dead letters are dead: see `isDead`. */
  checkDeadLetters(): void {
    for (const state of this.states.items) {
      const dead = this.messages.items.filter(message => message.to === state.view.id && isDead(message, state.view, this.#options.bounds))
      if (dead.length > 0) this.#checkSilence(state, dead)
    }
  }

  /** All of them one after the other, since hardly one ever stirs; then one by one, to say which. */
  #checkSilence(state: LocalState, dead: readonly Message[]): void {
    if (this.#isSilent(state, dead)) return
    const culprit = dead.find(message => !this.#isSilent(state, [message])) ?? dead[0]
    const { id, role, term } = state.view
    throw new Violation('dead-letters', id, `${id}, ${role} in term ${term}, takes notice of ${JSON.stringify(culprit)}`)
  }
  #isSilent(state: LocalState, messages: readonly Message[]): boolean {
    const plain = this.#options.renamings[0]!
    const live = this.revive(state)
    const before = live.encode(plain)
    for (const message of messages) {
      live.perform({ type: 'deliver', message })
      if (live.sent.length > 0) return false
    }
    return live.encode(plain) === before
  }

  /** `key` numbers the input. */
  transition(state: number, key: number, input: Input): Transition {
    const known = this.#known.get(state, key)
    if (known !== -1) return this.#transitions[known]!
    const transition = this.#run(state, input)
    this.#known.set(state, key, this.#transitions.length)
    this.#transitions.push(transition)
    return transition
  }

  #run(number: number, input: Input): Transition {
    this.runs++
    const state = this.states.items[number]!
    try {
      return this.#perform(number, state, input)
    } catch (error) {
      return { to: number, sends: [], commits: false, violation: asViolation(error, state.view.id) }
    }
  }

  #perform(number: number, state: LocalState, input: Input): Transition {
    const before = this.revive(state)
    const origin = input.type === 'crash' ? before.crashed(input.kept) : state.origin
    const live = input.type === 'crash' ? new LiveNode(this.#options, origin) : before
    if (input.type !== 'crash') live.perform(input)
    const to = this.#stateOf(live, origin, input.type === 'crash' ? undefined : state, input)
    const after = this.view(to)
    if (to !== number || live.sent.length > 0) checkStep({ before: state.view, after, input, sent: live.sent }, this.#options.without)
    const sends = live.sent.map(({ message }) => this.#messageOf(message))
    const commits = (after.reigns.at(-1)?.commit ?? 0) > (state.view.reigns.at(-1)?.commit ?? 0)
    return { to, sends, commits, violation: undefined }
  }

  /** Makes a node as it is in this state, from its last start on. */
  revive(state: LocalState, setup: NodeSetup = this.#options): LiveNode {
    const inputs: Exclude<Input, { type: 'crash' }>[] = []
    for (let at: LocalState | undefined = state; at.parent !== undefined; at = at.parent) {
      inputs.push(at.input as Exclude<Input, { type: 'crash' }>)
    }
    const live = new LiveNode(setup, state.origin)
    for (let i = inputs.length - 1; i >= 0; i--) live.perform(inputs[i]!)
    return live
  }

  #stateOf(live: LiveNode, origin: Origin, parent: LocalState | undefined, input: Input | undefined): number {
    const { renamings } = this.#options
    const text = live.encode(renamings[0]!)
    const known = this.states.get(text)
    if (known !== undefined) return known
    const texts = renamings.map((renaming, i) => (i === 0 ? text : live.encode(renaming)))
    return this.states.add(text, { view: live.view(), origin, parent, input }, texts)
  }

  #messageOf(message: Message): number {
    const { renamings } = this.#options
    const text = canonical(message, renamings[0]!)
    const known = this.messages.get(text)
    if (known !== undefined) return known
    return this.messages.add(
      text,
      message,
      renamings.map(renaming => canonical(message, renaming)),
    )
  }
}

function asViolation(error: unknown, node: NodeId): Violation {
  if (error instanceof Violation) return error
  // The core throws when it contradicts itself.
  return new Violation('no-exception', node, error instanceof Error ? error.message : String(error))
}
