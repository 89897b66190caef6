import type { Channel } from './channel.ts'

const body = 'This is the Raft port of a node: only the other members of its cluster connect here. Use the address for clients instead.\n'
const answer = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${Buffer.byteLength(body)}`,
  'Connection: close',
  '',
  body,
].join('\r\n')

/** Closes the connection of somebody who does not speak this protocol. A browser or curl is told so in its own language. */
export function dismissStranger(channel: Channel, head: Buffer): void {
  if (looksLikeHttp(head)) channel.finish(Buffer.from(answer))
  else channel.close()
}

function looksLikeHttp(head: Buffer): boolean {
  return /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT) /.test(head.toString('latin1'))
}
