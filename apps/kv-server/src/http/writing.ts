import { createHash } from 'node:crypto'
import { type Applied, type Node, RaftError } from 'raft-node'
import { type Binary, binaryFrom } from '../store/binary.ts'
import type { Command, CommandResult, RefusalCode } from '../store/command.ts'
import { encodeCommand } from '../store/command-codec.ts'
import { resultBytesMax } from '../store/txn.ts'
import { after } from './after.ts'
import { readBytes } from './body.ts'
import { callOptions, type Exchange } from './exchange.ts'
import { onLeader } from './non-leader.ts'
import { Refusal } from './refusal.ts'
import type { Reply } from './respond.ts'
import { checkRoom } from './room.ts'

/** Results that say that the command was done. */
export type Done = Exclude<CommandResult, { type: 'refused' | 'replayed' | 'malformed' }>
type DoneOf<Type extends Done['type']> = Extract<Done, { type: Type }>

/**
 * Puts a command through the log, where the request's mode lets it, and shows what came of it. With an idempotency key it is done once,
 * whichever node is asked and however often.
 */
export function write<Type extends Done['type']>(
  exchange: Exchange,
  command: Command,
  type: Type,
  show: (result: DoneOf<Type>) => Reply | Promise<Reply>,
): Reply | Promise<Reply> {
  const { body } = exchange
  const id = answerId(exchange)
  // What was done before is answered as it was then: it takes no room again.
  if (id === undefined || exchange.service.store.answers.get(id) === undefined) checkRoom(command, exchange.service)
  const bytes = id === undefined ? encodeCommand(command) : keyed(exchange, id, encodeCommand(command))
  const ask = (node: Node<CommandResult>, forward: boolean) => {
    const { signal, timeoutMs } = callOptions(exchange)
    return node.apply(bytes, { signal, timeoutMs, forward })
  }
  const shown = ({ index, result }: Applied<CommandResult>): Reply | Promise<Reply> => {
    const isReplayed = result.type === 'replayed'
    return after(show(doneOf(isReplayed ? result.result : result, type)), reply => {
      const told = reply.index === undefined ? withIndex(reply, index) : reply
      return isReplayed ? { ...told, headers: { ...reply.headers, 'Idempotent-Replayed': 'true' } } : told
    })
  }
  // A request that breaks off is no request, also where its body does not matter.
  const whole = body instanceof Uint8Array || body.request.complete ? undefined : readBytes(exchange, 'this needs none')
  return after(whole, () => onLeader(exchange, ask, shown))
}

/** Field by field: V8 makes a new shape each time a spread object gets one more property, and whatever reads it looks the shape up anew. */
function withIndex({ status, contentType, body, headers }: Reply, index: number): Reply {
  return headers === undefined ? { status, contentType, body, index } : { status, contentType, body, headers, index }
}

/** A command of the server's own, outside any idempotency key. */
export async function perform(exchange: Exchange, node: Node<CommandResult>, command: Command): Promise<Done> {
  const { result } = await node.apply(encodeCommand(command), callOptions(exchange))
  return doneOf(result, undefined)
}

function doneOf<Type extends Done['type']>(result: CommandResult, type: Type | undefined): DoneOf<Type> {
  if (result.type === 'refused') throw refusalOf(result.code)
  // Only a leader of another version can find our command malformed, or answer it with something else. It changed nothing.
  if (result.type === 'malformed') throw new RaftError('INVALID_ARGUMENT', result.message)
  if (type !== undefined && result.type !== type) throw new RaftError('INVALID_ARGUMENT', 'the leader is of another version')
  return result as DoneOf<Type>
}

const refusals: Readonly<Record<RefusalCode, readonly [status: number, message: string]>> = {
  LEASE_NOT_FOUND: [404, 'there is no such lease: it ran out, was revoked or never granted; grant a new one'],
  IDEMPOTENCY_KEY_REUSED: [422, 'this Idempotency-Key came with another request before: take a new key for a new request'],
  IDEMPOTENCY_TABLE_FULL: [429, 'as many answers are kept for idempotency keys as may be: try again later, or without a key'],
  RESTORE_LOST: [409, 'another restore began meanwhile, or nothing came of this one for a minute: nothing was changed; begin again'],
  SECRET_UNKNOWN: [403, 'the join secret is wrong, used or out of date: make a new one with POST /v1/join-secrets'],
  TOO_LARGE: [413, `this would read more than ${resultBytesMax} bytes in one transaction: read fewer keys at once, or list them`],
}

export function refusalOf(code: RefusalCode): Refusal {
  const [status, message] = refusals[code]
  return new Refusal(status, code, message)
}

const fingerprintBytes = 16

/** How the answer to this request is known again; undefined if nobody asks for that. @throws Refusal 400. */
function answerId({ request, principal }: Exchange): Binary | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[!-~]{1,255}$/.test(key)) {
    throw new Refusal(400, 'INVALID_HEADER', 'Idempotency-Key is 1 to 255 visible ASCII characters')
  }
  // Who asks is part of it: two clients may choose the same key.
  return `${binaryFrom(Buffer.from(principal.name))}\0${key}`
}

function keyed({ service }: Exchange, id: Binary, command: Uint8Array): Uint8Array {
  const { answersMax, answersBytesMax } = service.limits
  const fingerprint = binaryFrom(createHash('sha256').update(command).digest().subarray(0, fingerprintBytes))
  const limits = { records: answersMax, bytes: answersBytesMax }
  return encodeCommand({ type: 'keyed', id, fingerprint, limits, command })
}
