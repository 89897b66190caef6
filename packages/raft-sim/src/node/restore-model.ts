import type { Index, Position, Term } from 'raft-core'
import type { Envelope } from 'raft-node'

/** A state, as the commands that lead to it. */
export type Backup = {
  readonly commands: readonly { readonly bytes: Uint8Array; readonly index: Index }[]
  readonly digest: number
}

/** Where the state of clients takes the place of the replicated one, in the simplest way there is. Given the entries in their order, each once. */
export class RestoreModel {
  /** By their bytes. */
  readonly #sent = new Map<string, Backup>()
  readonly #digests = new Map<Index, number>()
  #open: { readonly id: Index; readonly term: Term; readonly pieces: Uint8Array[] } | undefined

  /** False if these bytes were sent before. */
  sends(key: string, backup: Backup): boolean {
    if (this.#sent.has(key)) return false
    this.#sent.set(key, backup)
    return true
  }

  /** What the entry puts in the place of everything, if it does. */
  takes(envelope: Envelope, { index, term }: Position, keyOf: (bytes: Uint8Array) => string): Restored | undefined {
    if (envelope.type === 'restoreBegin') this.#open = { id: index, term, pieces: [] }
    if (envelope.type !== 'restoreData' && envelope.type !== 'restoreCommit') return undefined
    if (this.#open?.term !== term) this.#open = undefined
    const pieces = this.#open?.id === envelope.restore ? this.#open.pieces : undefined
    if (envelope.type === 'restoreData') {
      if (pieces?.length === envelope.place) pieces.push(envelope.data.slice())
      return undefined
    }
    if (pieces !== undefined) this.#open = undefined
    return pieces?.length === envelope.count ? this.#restored(pieces.map(keyOf).join(''), index) : undefined
  }

  #restored(key: string, index: Index): Restored {
    const backup = this.#sent.get(key)
    if (backup !== undefined) this.#digests.set(index, backup.digest)
    return { key, backup }
  }

  /** Of the state that was put in place by this entry; undefined: none was. */
  digestAt(index: Index): number | undefined {
    return this.#digests.get(index)
  }
}

/** `backup`: undefined if nobody has sent that. */
type Restored = { readonly key: string; readonly backup: Backup | undefined }
