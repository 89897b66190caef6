import type { Entry, Index, Position } from '../src/log/entry.ts'

/** The log as a node's storage holds it: only what was saved. */
export class Disk {
  /** What the log starts after. */
  base: Position
  entries: readonly Entry[] = []

  constructor(base: Position) {
    this.base = base
  }

  get last(): Index {
    return this.base.index + this.entries.length
  }

  /** Entries replace what is held at their indices and after. */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    const kept = first.index - this.base.index - 1
    if (kept < 0 || first.index > this.last + 1)
      throw new Error(`cannot save entry ${first.index} after ${this.base.index} to ${this.last}`)
    this.entries = [...this.entries.slice(0, kept), ...entries]
  }

  install(snapshot: Position): void {
    this.base = { term: snapshot.term, index: snapshot.index }
    this.entries = []
  }

  compact(index: Index): void {
    const entry = this.entries[index - this.base.index - 1]
    if (entry === undefined) throw new Error(`cannot compact to ${index}: the log holds ${this.base.index + 1} to ${this.last}`)
    this.entries = this.entries.slice(index - this.base.index)
    this.base = { term: entry.term, index }
  }
}
