import { RaftError, type RaftErrorCode } from '../errors.ts'
import { packTuple, unpackTuple } from './tuple.ts'

/** Requests and their answers as bytes. Ids count per connection; an answer carries the id of its request. */
export type RequestBody = { readonly id: number; readonly body: Uint8Array }

export function encodeBody({ id, body }: RequestBody): Buffer {
  return packTuple([id, body])
}

/** Throws RaftError CORRUPT. */
export function decodeBody(bytes: Buffer): RequestBody {
  const reader = unpackTuple(bytes)
  const request = { id: reader.integer(), body: reader.bytes() }
  reader.end()
  return request
}

/** An error keeps its code, message, outcome and leader on the way; what is not a RaftError becomes ABORTED, outcome unknown. */
export function encodeFailure(id: number, error: unknown): Buffer {
  const { code, message, outcome, leader } = asRaftError(error)
  const place = leader === undefined ? null : [leader.id, leader.address, leader.clientAddress]
  return packTuple([id, code, message.slice(0, messageLengthMax), outcome, place])
}

/** Throws RaftError CORRUPT. */
export function decodeFailure(bytes: Buffer): { readonly id: number; readonly error: RaftError } {
  const reader = unpackTuple(bytes)
  const id = reader.integer()
  // A newer node may have codes that this one does not know: callers decide on the outcome.
  const code = reader.text(64) as RaftErrorCode
  const message = reader.text(messageLengthMax)
  const outcome = reader.text(32) === 'not-applied' ? 'not-applied' : 'unknown'
  const leader = reader.optional(field => {
    const place = field.tuple()
    const found = { id: place.text(128), address: place.text(512), clientAddress: place.text(512) }
    place.end()
    return found
  })
  reader.end()
  return { id, error: new RaftError(code, message, { outcome, leader }) }
}

const messageLengthMax = 4_096

function asRaftError(error: unknown): RaftError {
  if (error instanceof RaftError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new RaftError('ABORTED', `The other node failed while it answered: ${reason}. See its log.`, { cause: error })
}
