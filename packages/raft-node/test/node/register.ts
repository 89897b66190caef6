import type { Index, Membership } from 'raft-core'
import type { CommandAt, CommandOutcome, StateMachine } from '../../src/ports.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A state machine that remembers everything, in order. A command that begins with `!` throws. */
export class Register implements StateMachine<string> {
  applied: string[] = []
  restores = 0

  static readonly codec = { encode: (text: string) => encoder.encode(text), decode: (bytes: Uint8Array) => decoder.decode(bytes) }

  static command(text: string): Uint8Array {
    return encoder.encode(text)
  }

  apply(command: Uint8Array): string {
    const text = decoder.decode(command)
    if (text.startsWith('!')) throw new Error(`will not do ${text}`)
    this.applied.push(text)
    return `${text} is number ${this.applied.length}`
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield encoder.encode(JSON.stringify(this.applied))
  }

  async restore(data: AsyncIterable<Uint8Array>): Promise<void> {
    let json = ''
    for await (const chunk of data) json += decoder.decode(chunk)
    this.applied = JSON.parse(json)
    this.restores += 1
  }
}

/** Takes commands in batches, and remembers how many came at once. */
export class BatchRegister extends Register {
  readonly batches: number[] = []
  /** Forgets the last answer, once. */
  forgets = false

  applyBatch(commands: readonly CommandAt[]): readonly CommandOutcome<string>[] {
    this.batches.push(commands.length)
    const outcomes = commands.map(({ command }): CommandOutcome<string> => {
      try {
        return { result: this.apply(command) }
      } catch (error) {
        return { error }
      }
    })
    return this.forgets ? outcomes.slice(1) : outcomes
  }
}

/** What a process leaves behind when it is killed. */
export type RegisterStore = { applied: readonly string[]; index: Index }

/** A state machine with a store of its own, which is written after every so many commands. */
export class PersistentRegister extends Register {
  readonly #store: RegisterStore
  readonly #every: number
  /** Every index that it was given, in this life. */
  readonly given: Index[] = []
  readonly memberships: Index[] = []

  constructor(store: RegisterStore, every = 1) {
    super()
    this.#store = store
    this.#every = every
    this.applied = [...store.applied]
  }

  static store(): RegisterStore {
    return { applied: [], index: 0 }
  }

  override apply(command: Uint8Array, index = 0): string {
    this.given.push(index)
    try {
      return super.apply(command)
    } finally {
      if (this.given.length % this.#every === 0) this.#write(index)
    }
  }

  override async restore(data: AsyncIterable<Uint8Array>, index = 0): Promise<void> {
    await super.restore(data)
    this.#write(index)
  }

  appliedIndex(): Index {
    return this.#store.index
  }

  onMembership(_: Membership, index: Index): void {
    this.memberships.push(index)
  }

  #write(index: Index): void {
    this.#store.applied = [...this.applied]
    this.#store.index = index
  }
}
