import type { Index } from 'raft-core'
import type { Model, ObservedMachine } from './application.ts'

/** What a state machine must answer, by the state machine itself: one that is never stopped, and where the past matters, one that begins anew. */
export class ReplayModel<Result> implements Model<Result> {
  readonly #create: () => ObservedMachine<Result>
  readonly #commands: { readonly bytes: Uint8Array; readonly index: Index }[] = []
  readonly #latest: ObservedMachine<Result>
  #past: { readonly store: ObservedMachine<Result>; applied: number }

  constructor(create: () => ObservedMachine<Result>) {
    this.#create = create
    this.#latest = create()
    this.#past = { store: create(), applied: 0 }
  }

  apply(bytes: Uint8Array, index: Index): Result {
    this.#commands.push({ bytes, index })
    return this.#latest.machine.apply(bytes, index)
  }

  answer(question: string, index: Index): string {
    const newest = this.#commands.at(-1)?.index ?? 0
    if (index >= newest) return this.#latest.answer(question)
    const last = this.#commands[this.#past.applied - 1]
    if (last !== undefined && last.index > index) this.#past = { store: this.#create(), applied: 0 }
    const { store } = this.#past
    for (
      let next = this.#commands[this.#past.applied];
      next !== undefined && next.index <= index;
      next = this.#commands[this.#past.applied]
    ) {
      store.machine.apply(next.bytes, next.index)
      this.#past.applied++
    }
    return store.answer(question)
  }
}
