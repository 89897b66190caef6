import type { ServerResponse } from 'node:http'
import type { Node } from 'raft-node'
import type { CommandResult } from '../store/command.ts'

/** What a route answers. Routes return it rather than write it, so that every answer leaves through one place. */
export type Reply = {
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  /** The log index that the answer tells of, if this node may not have applied it yet: a forwarded write. */
  readonly index?: number
}

type ReplyExtras = Pick<Reply, 'headers' | 'index'>

export const jsonType = 'application/json; charset=utf-8'

/** With a newline at the end, for terminals. */
export function json(status: number, value: unknown, extras: ReplyExtras = {}): Reply {
  return { status, contentType: jsonType, body: `${JSON.stringify(value)}\n`, ...extras }
}

export function text(status: number, body: string, extras: ReplyExtras = {}): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body, ...extras }
}

/** Who leads, in which term, and up to where the answer knows the log. Nothing while the node is still starting. */
export function raftHeaders(node: Node<CommandResult> | undefined, index = 0): Record<string, string> {
  if (node === undefined) return {}
  const { term, applied } = node.status()
  const leader = node.leader()
  const position = { 'X-Raft-Term': String(term), 'X-Raft-Index': String(Math.max(applied, index)) }
  return leader === undefined ? position : { 'X-Raft-Leader': leader.address, ...position }
}

/** Writes the answer, unless the client has gone. `last`: the connection is not to be used again. */
export function send(response: ServerResponse, reply: Reply, node: Node<CommandResult> | undefined, last: boolean): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(reply.status, {
    'Content-Type': reply.contentType,
    ...reply.headers,
    ...raftHeaders(node, reply.index),
    ...(last ? { Connection: 'close' } : {}),
    'Content-Length': Buffer.byteLength(reply.body),
  })
  response.end(reply.body)
}
