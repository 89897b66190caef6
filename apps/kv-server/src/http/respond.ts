import { Buffer } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import type { SetResponse } from 'kv-client'
import type { Node } from 'raft-node'
import type { CommandResult } from '../store/command.ts'

/** What a route answers. Routes return it rather than write it, so that every answer leaves through one place. */
export type Reply = {
  readonly status: number
  readonly contentType: string
  /** All of it, or what writes it bit by bit once the headers have left. */
  readonly body: string | Uint8Array | Streamed
  readonly headers?: Readonly<Record<string, string>>
  /** The log index that the answer tells of, if this node may not have applied it yet: a forwarded write. */
  readonly index?: number
}

/** Ends when everything is written or the client has gone. The response is ended for it. */
type Streamed = (response: ServerResponse) => Promise<void>

type ReplyExtras = Pick<Reply, 'headers' | 'index'>

export const jsonType = 'application/json; charset=utf-8'

/** With a newline at the end, for terminals. */
export function json(status: number, value: unknown, extras: ReplyExtras = {}): Reply {
  return { status, contentType: jsonType, body: `${JSON.stringify(value)}\n`, ...extras }
}

/** As `json` would write it, which takes longer: the answer that is given most. */
export function setReply({ index }: SetResponse): Reply {
  return { status: 200, contentType: jsonType, body: `{"index":${index}}\n` }
}

export function text(status: number, body: string, extras: ReplyExtras = {}): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body, ...extras }
}

/** Who leads, in which term, and up to where the answer knows the log. Nothing while the node is still starting. */
export function raftHeaders(node: Node<CommandResult> | undefined, index = 0): Record<string, string> {
  if (node === undefined) return {}
  const leader = node.leader()
  const position = { 'X-Raft-Term': String(node.term), 'X-Raft-Index': String(Math.max(node.applied, index)) }
  return leader === undefined ? position : { 'X-Raft-Leader': leader.address, ...position }
}

/** The same, as lines of an answer's head: for every answer on the short way, an object and a look at each of its names would add up. */
export function raftLines(node: Node<CommandResult> | undefined, index = 0): string {
  if (node === undefined) return ''
  const leader = node.leader()
  const position = `X-Raft-Term: ${node.term}\r\nX-Raft-Index: ${Math.max(node.applied, index)}\r\n`
  return leader === undefined ? position : `X-Raft-Leader: ${leader.address}\r\n${position}`
}

/** What it would say of its body, caches would believe of the one that they hold (RFC 9110 §8.6, §15.4.5). */
export const notModified = 304

export function bytesIn(body: string | Uint8Array): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length
}

/** Writes the answer, unless the client has gone. `last`: the connection is not to be used again. */
export async function send(response: ServerResponse, reply: Reply, node: Node<CommandResult> | undefined, last: boolean): Promise<void> {
  if (response.headersSent || response.destroyed) return
  const { status, contentType, body } = reply
  const headers = {
    ...(status !== notModified && { 'Content-Type': contentType }),
    ...reply.headers,
    ...raftHeaders(node, reply.index),
    ...(last ? { Connection: 'close' } : {}),
  }
  if (typeof body !== 'function') {
    response.writeHead(status, status === notModified ? headers : { ...headers, 'Content-Length': bytesIn(body) })
    return endWith(response, body)
  }
  response.writeHead(status, headers)
  if (response.req.method === 'HEAD') return void response.end()
  response.flushHeaders()
  await body(response)
  endWith(response, '')
}

/** A client that takes nothing for so long, in milliseconds, holds on to memory for nobody: its connection is ended. */
export const stalledMsMax = 60_000

/** Ends the answer with this. What the client does not take at once waits for it, as long as it takes anything. */
export function endWith(response: ServerResponse, rest: string | Uint8Array, stalledMs = stalledMsMax): void {
  response.end(rest)
  if (response.writableLength > 0) response.setTimeout(stalledMs, () => response.destroy())
}

/** Writes chunks as fast as the client takes them; between two, others have their turn. */
export async function writeAll(
  response: ServerResponse,
  chunks: AsyncIterable<Uint8Array> | Iterable<string>,
  stalledMs = stalledMsMax,
): Promise<void> {
  for await (const chunk of chunks) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response, stalledMs)
    // Also after that: a client that reads quickly takes each chunk at once, and nobody else would have a turn until the last.
    await new Promise(resolve => setImmediate(resolve))
  }
}

function drained(response: ServerResponse, stalledMs: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(() => response.destroy(), stalledMs)
    const done = () => {
      clearTimeout(timer)
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
