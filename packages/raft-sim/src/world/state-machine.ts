import type { Entry, Index, Term } from 'raft-core'
import { fold, foldBytes } from '../hash.ts'

/** A replicated state machine that is nothing but a digest of all commands in their order: any difference in history shows. */
export class DigestMachine {
  index: Index = 0
  /** Of the last entry applied. */
  term: Term = 0
  digest = 0

  apply(entry: Entry): void {
    if (entry.type === 'command') this.digest = foldBytes(fold(this.digest, 7), entry.data)
    this.index = entry.index
    this.term = entry.term
  }

  snapshot(): Uint8Array {
    const data = new Uint8Array(8)
    new DataView(data.buffer).setFloat64(0, this.digest)
    return data
  }
  restore(index: Index, term: Term, data: Uint8Array): void {
    this.index = index
    this.term = term
    this.digest = digestIn(data)
  }
}

export function digestIn(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getFloat64(0)
}
