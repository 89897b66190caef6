import type { StepResult } from '../src/api.ts'
import { receive } from '../src/behaviour.ts'
import type { Entry } from '../src/log/entry.ts'
import { isMember } from '../src/membership/membership.ts'
import type { Message, MessageType, Snapshot } from '../src/messages.ts'
import type { Ready, SaveReceipt } from '../src/ready.ts'
import { isTermless, passTermGate } from '../src/term-gate.ts'
import type { Output } from './output.ts'
import { showReady, showWire } from './printing.ts'
import { wireOfAppendWork, wireOfApplyWork, wireOfMessage, wireOfParcel } from './translation.ts'
import type { AppendWork, ApplyWork, Node, Parcel, World } from './world.ts'

/** Takes one Ready, prints it and performs it. */
export function handleReady(world: World, node: Node, out: Output): void {
  if (!node.raft.hasReady()) out.line('<empty Ready>')
  else if (node.overlapping) startWork(world, node, node.raft.ready(), out)
  else performAtOnce(world, node, node.raft.ready(), out)
}

function performAtOnce(world: World, node: Node, ready: Ready, out: Output): void {
  const messages = [...ready.send, ...ready.sendAfterSave]
  out.line(...showReady(ready, node.hardState, messages.flatMap(showMessage)))
  node.hardState = ready.hardState ?? node.hardState
  save(node, ready.entries, ready.snapshot)
  for (const entry of ready.apply) applyEntry(node, entry)
  world.bag.push(...messages.map(toParcel))
  node.raft.advance(ready)
  if (ready.snapshot) handOutOwnRecord(node)
}

/** Hands saving and applying to the node's threads; only what needs neither leaves at once. */
function startWork(world: World, node: Node, ready: Ready, out: Output): void {
  const append = appendWork(node, ready)
  const apply = applyWork(node, ready)
  const messages = ready.send.flatMap(showMessage)
  if (append) messages.push(...showWire(wireOfAppendWork(append), append.responses.map(wireOfParcel)))
  if (apply) messages.push(...showWire(wireOfApplyWork(apply), apply.responses.map(wireOfParcel)))
  out.line(...showReady(ready, node.hardState, messages))
  node.hardState = ready.hardState ?? node.hardState
  world.bag.push(...ready.send.map(toParcel))
  if (append) node.appendThread.push(append)
  if (apply) node.applyThread.push(apply)
}

function appendWork(node: Node, { hardState, entries, snapshot, receipt }: Ready): AppendWork | undefined {
  if (!hardState && !snapshot && entries.length === 0 && receipt.promises.length === 0) return undefined
  const responses = receipt.promises.map(toParcel)
  if (receipt.last !== undefined || snapshot) responses.push({ type: 'saved', to: node.id, receipt, snapshot })
  return { node: node.id, hardState, entries, snapshot, responses }
}

function applyWork(node: Node, { apply }: Ready): ApplyWork | undefined {
  if (apply.length === 0) return undefined
  return { node: node.id, entries: apply, responses: [{ type: 'applied', to: node.id, entries: apply }] }
}

function showMessage(message: Message): string[] {
  return showWire(wireOfMessage(message))
}

function toParcel(message: Message): Parcel {
  return { type: 'message', to: message.to, message, own: message.to === message.from }
}

/** Performs the oldest save that waits. */
export function processAppend(world: World, node: Node, out: Output): void {
  const work = node.appendThread.shift()
  if (work === undefined) {
    out.line('no append work to perform')
    return
  }
  out.line('Processing:', ...showWire(wireOfAppendWork(work)))
  save(node, work.entries, work.snapshot)
  respond(world, work.responses, out)
}

/** Applies the oldest batch of entries that waits. */
export function processApply(world: World, node: Node, out: Output): void {
  const work = node.applyThread.shift()
  if (work === undefined) {
    out.line('no apply work to perform')
    return
  }
  out.line('Processing:', ...showWire(wireOfApplyWork(work)))
  for (const entry of work.entries) applyEntry(node, entry)
  respond(world, work.responses, out)
}

function respond(world: World, responses: readonly Parcel[], out: Output): void {
  out.line('Responses:', ...responses.flatMap(response => showWire(wireOfParcel(response))))
  world.bag.push(...responses)
}

function save(node: Node, entries: readonly Entry[], snapshot: Snapshot | undefined): void {
  if (snapshot) node.disk.install(snapshot)
  node.disk.append(entries)
}

/** The state machine's snapshot after this entry takes the membership of the one before, unless the entry changes it. */
function applyEntry(node: Node, entry: Entry): void {
  const { term, index } = entry
  const membership = entry.type === 'membership' ? node.raft.applyMembership(entry) : node.record.membership
  const data = entry.type === 'command' ? Buffer.concat([node.record.data, entry.data]) : node.record.data
  node.record = { term, index, membership, data }
  node.raft.snapshotTaken(node.record)
}

/** Hands a parcel to its node, and prints what that node has to say against it. */
export function deliver(node: Node, parcel: Parcel, out: Output): void {
  if (parcel.type === 'saved') settle(node, parcel.receipt)
  else if (parcel.type === 'applied') node.raft.appliedTo(parcel.entries.at(-1)?.index ?? 0)
  else if (parcel.own && !isTermless(parcel.message)) deliverOwn(node, parcel.message, out)
  else if (isUnsound(parcel.message)) deliverUnsound(node, parcel.message, out)
  else complain(parcel.message.type, node.raft.step(parcel.message), out)
}

function settle(node: Node, receipt: SaveReceipt): void {
  node.raft.settle(receipt)
  if (receipt.snapshotIndex > 0) handOutOwnRecord(node)
}

/** An installed snapshot is not a record: the transcripts' nodes hand out the last that they made, which can lie before it. */
function handOutOwnRecord({ raft, record }: Node): void {
  if (record.index > 0) raft.newestSnapshot = record
}

/** A node that is no member any more does not count its own answers either. */
function deliverOwn(node: Node, message: Message, out: Output): void {
  if (!isMember(node.raft.status().membership, node.id)) out.line(unknownPeer)
  node.raft.stepOwn(message)
}

/** What our core takes from nobody, and `send-snapshot` can ask for: a snapshot of nothing, or of a node in no term, and the answer to it. */
function isUnsound(message: Message): boolean {
  if (message.type === 'installSnapshot') return message.term === 0 || message.snapshot.index === 0
  return message.type === 'appendReply' && message.term === 0
}

/** The reference takes it for a message of the term that the node is in. */
function deliverUnsound({ raft }: Node, message: Message, out: Output): void {
  if (answers.includes(message.type) && !isMember(raft.membership, message.from)) out.line(unknownPeer)
  else if (message.term === 0 || passTermGate(raft, message)) receive(raft, message)
}

const unknownPeer = 'raft: cannot step as peer not found'
const answers: readonly MessageType[] = ['appendReply', 'heartbeatReply', 'voteReply', 'preVoteReply', 'readIndexReply']

function complain(type: MessageType, result: StepResult, out: Output): void {
  if (result.accepted) return
  if (type === 'propose') out.line('raft proposal dropped')
  if (answers.includes(type) && result.reason === 'unknown-peer') out.line(unknownPeer)
}
