import type { Message, NodeId } from 'raft-core'
import type { NodeEvent } from './api.ts'
import type { Engine } from './engine.ts'
import { RaftError, type RaftErrorCode } from './errors.ts'
import { nameOf } from './node-names.ts'
import type { HandshakeRefusal, Hello, Identity, PeerMessage, SnapshotData, SnapshotMeta, TransportEvents } from './ports.ts'
import { replaceCommand } from './what-to-do.ts'

/** What runs behind the gate, once it does. */
type Inside = { readonly engine: Engine<unknown>; answer(from: NodeId, body: Uint8Array): Promise<Uint8Array> }

/**
 * All that comes in from the network: who may talk to this node, and what becomes of what they say. Stands before the engine does,
 * because a node has an address before it has a cluster; until then nobody is let in.
 */
export class PeerGate implements TransportEvents {
  readonly #emit: (event: NodeEvent) => void
  /** The start of every peer that was let in last. */
  readonly #starts = new Map<NodeId, string>()
  #identity: Identity
  readonly #atStart: Pick<Hello, 'last' | 'repairing' | 'start'>
  #inside: Inside | undefined
  #otherClusterCalled = false

  constructor(identity: Identity, atStart: Pick<Hello, 'last' | 'repairing' | 'start'>, emit: (event: NodeEvent) => void) {
    this.#identity = identity
    this.#atStart = atStart
    this.#emit = emit
  }

  /** From now on the engine hears of everything. */
  open(inside: Inside): void {
    this.#inside = inside
    this.#identity = inside.engine.identity
    if (this.#otherClusterCalled) this.#calledByOtherCluster()
  }

  hello(): Hello {
    // Not only what is on disk: a save may be under way whose acknowledgement overtakes this greeting.
    const { last, repairing } = this.#inside === undefined ? this.#atStart : this.#inside.engine.raft.status()
    return { ...this.#identity, last, repairing, start: this.#atStart.start }
  }

  admit(hello: Hello): HandshakeRefusal | undefined {
    const refusal = this.#judge(hello)
    if (refusal === undefined) this.#starts.set(hello.nodeId, hello.start)
    return refusal
  }

  message(from: NodeId, message: PeerMessage): void {
    this.#inside?.engine.receive(from, message)
  }

  async request(from: NodeId, body: Uint8Array): Promise<Uint8Array> {
    if (this.#inside === undefined) throw new RaftError('NO_LEADER', `${this.#identity.nodeId} is only starting: try again in a moment`)
    return this.#inside.answer(from, body)
  }

  async snapshot(from: NodeId, message: Message, meta: SnapshotMeta, data: SnapshotData): Promise<void> {
    if (this.#inside === undefined) throw new RaftError('NO_LEADER', `${this.#identity.nodeId} is only starting: try again in a moment`)
    await this.#inside.engine.receiveSnapshot(from, message, meta, data)
  }

  peer(id: NodeId, state: 'connected' | 'lost' | 'refused'): void {
    this.#inside?.engine.peerChanged(id, state)
  }

  mismatch(theirs: Hello | undefined, reason: HandshakeRefusal, direction: 'in' | 'out', remote: string, by: 'us' | 'them'): void {
    // A node that is just founding or joining a cluster turns everybody away: no news, it is called again in a moment.
    const isStarting = this.#identity.clusterId === '' || theirs?.clusterId === ''
    if (!isStarting) this.#emit({ type: 'handshake', id: theirs?.nodeId, reason, direction, remote })
    if (reason === 'other-cluster' && direction === 'in') this.#calledByOtherCluster()
    const isAboutUs = theirs?.clusterId === this.#identity.clusterId && by === 'them'
    const code = toldFaults[reason]
    if (isAboutUs && code !== undefined) this.#raise(code, this.#toldMessage(code, theirs.nodeId))
  }

  #judge({ nodeId, incarnation, last, repairing, start }: Hello): HandshakeRefusal | undefined {
    if (this.#inside === undefined) return 'not-a-member'
    const { members, raft, identity } = this.#inside.engine
    if (nodeId === identity.nodeId || members.wasRemoved(nodeId)) return 'removed'
    const recorded = members.info(nodeId)?.incarnation ?? ''
    if (recorded !== '' && recorded !== incarnation) return 'wiped-member'
    // What a node in repair has lost it gets again, and says so itself.
    // And of a start that was let in before, the folder is known: this greeting may be older than what was acknowledged since.
    if (raft.role !== 'leader' || repairing || this.#starts.get(nodeId) === start) return undefined
    // Only what is committed: a newer leader may have replaced the rest of what this member once acknowledged to us.
    const acknowledged = raft.status().progress.find(({ id }) => id === nodeId)?.match ?? 0
    return Math.min(acknowledged, raft.commit) > last.index ? 'old-folder' : undefined
  }

  /**
   * Members of another cluster expect one of theirs at this address. A cluster that was founded here and never had another member then
   * is most likely that member, started again with an empty folder.
   */
  #calledByOtherCluster(): void {
    this.#otherClusterCalled = true
    if (this.#inside === undefined) return
    const { members, identity, address } = this.#inside.engine
    const { voters, learners } = members.membership
    const isFresh =
      members.membershipIndex === foundingIndex && voters.length === 1 && voters[0] === identity.nodeId && learners.length === 0
    if (!isFresh) return
    const what = `members of another cluster expect one of theirs at ${address}, and this node has founded a cluster of its own`
    const command = replaceCommand(nameOf(identity.nodeId), address)
    this.#raise(
      'WIPED_MEMBER',
      `${what}. If it is another one, give it another address; if it lost its folder, stop it and let it in again: ${command}`,
    )
  }

  #toldMessage(code: RaftErrorCode, by: NodeId): string {
    const { nodeId } = this.#identity
    const command = replaceCommand(nameOf(nodeId), this.#inside?.engine.address ?? '')
    if (code === 'NOT_A_MEMBER') return `${by} says that ${nodeId} was removed from the cluster. To let this machine in again: ${command}`
    if (code === 'OLD_FOLDER')
      return `${by} has seen the folder of ${nodeId} acknowledge more than it holds: it is an old copy. Delete it, and replace the node: ${command}`
    return `${by} knows ${nodeId} with another data folder. If that folder is lost for good, replace the member: ${command}`
  }

  #raise(code: RaftErrorCode, message: string): void {
    const engine = this.#inside?.engine
    // Others cannot tell, and would take its vote.
    if (code === 'OLD_FOLDER') engine?.fail(new RaftError(code, message))
    else if (engine?.faults.raise(code, message)) engine.changed.ring()
  }
}

/** Where a founded cluster's log begins. */
export const foundingIndex = 1

const toldFaults: { readonly [reason in HandshakeRefusal]?: RaftErrorCode } = {
  'wiped-member': 'WIPED_MEMBER',
  'old-folder': 'OLD_FOLDER',
  removed: 'NOT_A_MEMBER',
}
