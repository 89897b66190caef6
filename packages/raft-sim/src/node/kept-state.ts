import type { Index } from 'raft-core'
import type { StateMachine } from 'raft-node'
import type { Random } from '../random.ts'
import type { Application, ObservedMachine } from './application.ts'

type Given = { readonly command: Uint8Array; readonly index: Index }
/** What the state was restored from; undefined: it began empty. */
type Base = { readonly pieces: readonly Uint8Array[]; readonly index: Index } | undefined

/**
 * The store of a state machine that outlives its process, on a disk of its own that never fails. It holds the state and its index in one
 * step; commands that came after the last such step are lost with the process.
 */
export class KeptState<Result> {
  readonly #random: Random
  /** After so many of the commands the state is written. */
  readonly #writeRate: number
  #base: Base
  #given: Given[] = []
  #durable: Index = 0
  /** Of the machine that writes here; those of earlier processes do no more. */
  #life = 0

  constructor(random: Random, writeRate: number) {
    this.#random = random
    this.#writeRate = writeRate
  }

  /** Its operator has emptied it. */
  clear(): void {
    this.#life++
    this.#base = undefined
    this.#given = []
    this.#durable = 0
  }

  /** A machine of a new process, with what was durable. */
  async open({ create }: Pick<Application<Result>, 'create'>): Promise<ObservedMachine<Result>> {
    const life = ++this.#life
    this.#given = this.#given.filter(({ index }) => index <= this.#durable)
    const observed = create()
    const { machine } = observed
    if (this.#base !== undefined) await machine.restore(oneByOne(this.#base.pieces), this.#base.index)
    for (const { command, index } of this.#given) repeat(machine, command, index)
    return {
      machine: this.#keeping(machine, () => life === this.#life),
      digest: () => observed.digest(),
      answer: question => observed.answer(question),
      ...(observed.attend && { attend: attended => observed.attend!(attended) }),
    }
  }

  #keeping(machine: StateMachine<Result>, isAlive: () => boolean): StateMachine<Result> {
    const at = this.#durable
    return {
      apply: (command, index) => {
        if (isAlive()) this.#takes({ command: command.slice(), index })
        return machine.apply(command, index)
      },
      snapshot: () => machine.snapshot(),
      restore: async (data, index) => {
        const before = { base: this.#base, given: this.#given, durable: this.#durable }
        // Some stores are emptied first, and hold nothing until everything has come; others take it all in one step.
        if (isAlive() && this.#random.chance(0.5)) this.#holds(undefined, [], 0)
        try {
          const pieces: Uint8Array[] = []
          for await (const piece of data) pieces.push(piece.slice())
          await machine.restore(oneByOne(pieces), index)
          if (isAlive()) this.#holds({ pieces, index }, [], index)
        } catch (error) {
          if (isAlive()) this.#holds(before.base, before.given, before.durable)
          throw error
        }
      },
      appliedIndex: () => at,
    }
  }

  #takes(given: Given): void {
    this.#given.push(given)
    if (this.#random.chance(this.#writeRate)) this.#durable = given.index
  }
  #holds(base: Base, given: Given[], durable: Index): void {
    this.#base = base
    this.#given = given
    this.#durable = durable
  }
}

/** What it refused it refuses again. */
function repeat<Result>(machine: StateMachine<Result>, command: Uint8Array, index: Index): void {
  try {
    machine.apply(command, index)
  } catch {
    // As it did then.
  }
}

async function* oneByOne(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}
