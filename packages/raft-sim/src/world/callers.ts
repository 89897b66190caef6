import type { Entry, Index, ReadState } from 'raft-core'
import type { SimNode } from './node.ts'

/** Who waits for something at one node, from its start to its crash. */
export class Callers {
  readonly #node: SimNode
  readonly #readers = new Map<string, () => void>()
  /** Reads that a leader has answered, and that wait for the state machine. */
  readonly #answered = new Map<string, Index>()
  readonly #writers = new Map<Index, { readonly term: number; readonly done: () => void }>()

  constructor(node: SimNode) {
    this.#node = node
  }

  /** Calls `done` once the entry at this position is applied here; never if another takes its place. */
  awaitWrite(term: number, index: Index, done: () => void): void {
    this.#writers.set(index, { term, done })
  }
  applied(entry: Entry): void {
    const writer = this.#writers.get(entry.index)
    if (writer === undefined) return
    this.#writers.delete(entry.index)
    if (writer.term === entry.term) writer.done()
  }

  /** Calls `done` when the read is served; never if it expires. */
  awaitRead(context: string, byLease: boolean, done: () => void): void {
    this.#node.world.observer.readAsked(this.#node.ghost, context, byLease)
    this.#readers.set(context, done)
  }
  giveUp(context: string): void {
    this.#readers.delete(context)
  }
  answered(read: ReadState, applied: Index): void {
    const { observer, coverage } = this.#node.world
    if ('expired' in read) {
      coverage.saw('expired read')
      return this.giveUp(read.context)
    }
    if (observer.isByLease(this.#node.ghost, read.context)) coverage.saw('read by lease')
    observer.readReleased(this.#node.ghost, read.context, read.index)
    this.#answered.set(read.context, read.index)
    this.serve(applied)
  }
  /** The state machine has come this far. */
  serve(applied: Index): void {
    for (const [context, index] of this.#answered) if (index <= applied) this.#serveOne(context)
  }
  #serveOne(context: string): void {
    const { world, ghost, core } = this.#node
    this.#answered.delete(context)
    world.observer.readServed(ghost, context)
    world.coverage.saw('linearizable read')
    if (core?.role !== 'leader') world.coverage.saw('read on a follower')
    this.#readers.get(context)?.()
    this.#readers.delete(context)
  }
}
