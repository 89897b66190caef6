import type { NodeId } from 'raft-core'
import type { HandshakeRefusal, Hello, TransportEvents } from '../ports.ts'
import { positionFields, readId, readPosition } from './codec.ts'
import { corrupt, packTuple, type TupleReader, unpackTuple } from './tuple.ts'

/**
 * How two nodes find out whether they may talk. The dialler says who it is, whom it expects and what for; the other side answers with
 * its own Hello or with a refusal. The dialler in turn may refuse. A refusal names its reason and the one who refuses, so that both
 * sides can say what is wrong.
 */

/** Of the messages, not of the frames: counted up with every change that an older node would misread. */
export const protocolVersion = 3

/** What the connection will carry. */
export type Purpose = 'messages' | 'snapshot'
const purposes: readonly Purpose[] = ['messages', 'snapshot']

/** The dialler's opening, or the answer: there, `expects` is the dialler, and the purpose the same. */
export type Greeting = { readonly hello: Hello; readonly expects: NodeId; readonly purpose: Purpose }

export function encodeGreeting({ hello, expects, purpose }: Greeting): Buffer {
  return packTuple([protocolVersion, purpose, expects, ...helloFields(hello)])
}

/** undefined: another version, which may mean anything by the rest. Throws RaftError CORRUPT. */
export function decodeGreeting(bytes: Buffer): Greeting | undefined {
  const reader = unpackTuple(bytes)
  if (reader.integer() !== protocolVersion) return undefined
  const purpose = oneOf(purposes, reader.text(32))
  const expects = readId(reader)
  const hello = readHello(reader)
  reader.end()
  return { hello, expects, purpose }
}

export type RefusalNotice = { readonly reason: HandshakeRefusal; readonly theirs: Hello | undefined }

export function encodeRefusal(reason: HandshakeRefusal, own: Hello): Buffer {
  return packTuple([protocolVersion, reason, ...helloFields(own)])
}

/** Throws RaftError CORRUPT. */
export function decodeRefusal(bytes: Buffer): RefusalNotice {
  const reader = unpackTuple(bytes)
  if (reader.integer() !== protocolVersion) return { reason: 'other-version', theirs: undefined }
  const reason = oneOf(refusals, reader.text(32))
  const theirs = readHello(reader)
  reader.end()
  return { reason, theirs }
}

/** Whether `own` may talk to whoever sent this greeting. What the transport itself knows comes first, then the node is asked. */
export function judgeGreeting(own: Hello, theirs: Greeting | undefined, admit: TransportEvents['admit']): HandshakeRefusal | undefined {
  if (theirs === undefined) return 'other-version'
  if (theirs.hello.clusterId !== own.clusterId) return 'other-cluster'
  if (theirs.expects !== own.nodeId) return 'other-node'
  return admit(theirs.hello)
}

const allRefusals: Record<HandshakeRefusal, true> = {
  'other-cluster': true,
  'other-node': true,
  'other-version': true,
  'wiped-member': true,
  'old-folder': true,
  'not-a-member': true,
  removed: true,
  'not-a-peer': true,
}
const refusals = Object.keys(allRefusals) as HandshakeRefusal[]

function helloFields(hello: Hello) {
  return [hello.clusterId, hello.nodeId, hello.incarnation, ...positionFields(hello.last), hello.repairing, hello.start]
}

function readHello(reader: TupleReader): Hello {
  return {
    clusterId: reader.text(128),
    nodeId: readId(reader),
    incarnation: reader.text(128),
    last: readPosition(reader),
    repairing: reader.flag(),
    start: reader.text(128),
  }
}

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find(candidate => candidate === text)
  if (found === undefined) throw corrupt(`one of ${known.join(', ')}`)
  return found
}
