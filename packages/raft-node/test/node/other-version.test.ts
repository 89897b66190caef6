import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { NodeEvent, NodeOptions } from '../../src/api.ts'
import { RaftNode } from '../../src/raft-node.ts'
import { encodeFrame, FrameDecoder, frameType } from '../../src/transport/frame.ts'
import { decodeRefusal, protocolVersion } from '../../src/transport/handshake.ts'
import { packTuple } from '../../src/transport/tuple.ts'
import { dialRaw, until } from '../transport/support.ts'
import { Register } from './register.ts'

let root: string
const open: RaftNode<string>[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'raft-version-'))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map(node => node.close({ transfer: false })))
  await rm(root, { recursive: true, force: true })
})

async function start(id: string, options: Partial<NodeOptions<string>>) {
  const [events, lines] = [[] as NodeEvent[], [] as string[]]
  const write = (_fields: object, line: string) => void lines.push(line)
  const node = await RaftNode.open<string>({
    id,
    dir: join(root, id),
    listen: '127.0.0.1:0',
    tickMs: 20,
    stateMachine: new Register(),
    resultCodec: Register.codec,
    logger: { info: write, warn: write, error: write },
    onEvent: event => events.push(event),
    ...options,
  })
  open.push(node)
  return { node, events, lines }
}

/** A node of the next version in the place of n3: greets in its own words whoever calls, and calls the others. */
function nextVersion(address: string): Promise<Server> {
  const [host, port] = address.split(':')
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    socket.on('data', () => void socket.write(encodeFrame(frameType.hello, greeting)))
  })
  return new Promise(resolve => server.listen(Number(port), host, () => resolve(server)))
}
const greeting = packTuple([protocolVersion + 1, 'messages', 'words that this version does not know'])

test('a node of another protocol version is refused with a message that says so, and the cluster goes on', async () => {
  const n1 = await start('n1', { bootstrap: true })
  await n1.node.waitForLeader()
  const join = { join: (request: Parameters<typeof n1.node.membership.join>[0]) => n1.node.membership.join(request) }
  const n2 = await start('n2', join)
  const n3 = await start('n3', join)
  await until(() => n1.node.status().membership.voters.length === 3)
  const { address } = n3.node.status()
  await n3.node.close({ transfer: false })

  const server = await nextVersion(address)
  const caller = dialRaw(n1.node.status().address)
  caller.write(encodeFrame(frameType.hello, greeting))
  const decoder = new FrameDecoder(64 * 1024)
  const answer = await new Promise<Buffer>(resolve => caller.once('data', chunk => resolve(chunk as Buffer)))
  decoder.push(answer)
  const frame = decoder.next()
  expect(frame !== undefined && 'payload' in frame && decodeRefusal(frame.payload)).toMatchObject({ reason: 'other-version' })

  const isTold = ({ events }: typeof n1, direction: 'in' | 'out') =>
    events.some(event => event.type === 'handshake' && event.reason === 'other-version' && event.direction === direction)
  await until(() => isTold(n1, 'in') && isTold(n1, 'out') && isTold(n2, 'out'))
  expect(n1.lines.filter(line => line.includes('other-version')).length).toBeGreaterThanOrEqual(2)

  const { term } = n1.node
  for (let at = 0; at < 20; at++) await n2.node.apply(Register.command(`w${at}`))
  expect(n1.node).toMatchObject({ role: 'leader', term, fault: undefined })
  await new Promise(resolve => server.close(resolve))
  const again = await start('n3', { listen: address })
  await again.node.waitForApplied(n1.node.applied, { timeoutMs: 10_000 })
})
