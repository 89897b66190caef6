import type { Position, Term } from 'raft-core'
import type { RestoreStep } from './command-envelope.ts'
import { RaftError } from './errors.ts'
import { bytesOf, pack, whole } from './tuples.ts'

type Step<Type extends RestoreStep['type']> = Extract<RestoreStep, { type: Type }>
type Open = { readonly id: number; readonly term: Term; readonly pieces: Uint8Array[] }

/**
 * The pieces of a state that is to take the place of this one. Part of the replicated state, made only from applied entries and snapshots.
 * A restore belongs to the term in which it began: nobody knows whether its caller is still there once another node leads.
 */
export class RestoreSpool {
  #open: Open | undefined

  begin({ index, term }: Position): void {
    this.#open = { id: index, term, pieces: [] }
  }

  /** Returns why not, where the piece does not follow. */
  add({ restore, place, data }: Step<'restoreData'>, { term }: Position): RaftError | undefined {
    const pieces = this.#piecesOf(restore, term)
    if (pieces?.length !== place) return lost(restore)
    pieces.push(data)
    return undefined
  }

  /** All of them, or why there are not as many as the caller has sent. Either way the restore is over. */
  take({ restore, count }: Step<'restoreCommit'>, { term }: Position): readonly Uint8Array[] | RaftError {
    const pieces = this.#piecesOf(restore, term)
    if (pieces !== undefined) this.#open = undefined
    return pieces?.length === count ? pieces : lost(restore)
  }

  /** One tuple for the restore, if there is one, and one for each piece; frozen when this is called, and packed only as they are taken. */
  tuples(): Iterable<Uint8Array> {
    return this.#open === undefined ? [] : packed({ ...this.#open, pieces: [...this.#open.pieces] })
  }

  /** From what `tuples` gave. @throws Error for anything else. */
  replace([head, ...pieces]: readonly unknown[]): void {
    this.#open = undefined
    if (head === undefined) return
    const [id, term] = head as unknown[]
    const bytes = pieces.map(piece => bytesOf((piece as unknown[])[0], 'a piece of a restore'))
    this.#open = { id: whole(id, 'a restore'), term: whole(term, 'a term'), pieces: bytes }
  }

  #piecesOf(restore: number, term: Term): Uint8Array[] | undefined {
    if (this.#open !== undefined && this.#open.term !== term) this.#open = undefined
    return this.#open?.id === restore ? this.#open.pieces : undefined
  }
}

function* packed({ id, term, pieces }: Open): Generator<Uint8Array> {
  yield pack([id, term])
  for (const piece of pieces) yield pack([piece])
}

function lost(restore: number): RaftError {
  const why = 'another one began meanwhile, or another node leads'
  return new RaftError('LEADERSHIP_LOST', `restore ${restore} is over: ${why}. The state is as it was; begin again`, {
    outcome: 'not-applied',
  })
}
