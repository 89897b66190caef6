import type { Entry, Index, Membership, MembershipEntry, Message, NodeId, Raft, Ready, Snapshot, Status } from 'raft-core'
import type { Ghost, LeaderGhost, NodeGhost, ReadGhost } from './ghost.ts'

/** What of a core can be read at no cost. */
export type CoreView = Pick<Raft, 'id' | 'role' | 'term' | 'leader' | 'commit' | 'applied'>

/**
 * One safety property. It keeps no state: what must be remembered is in the ghost, which is brought up to date only after every
 * invariant has looked. So each hook sees the world before the change, and what changed.
 */
export interface Invariant {
  readonly name: string
  /** Where it is defined: in research/reliability.md, and in the Raft paper or thesis. */
  readonly section: string
  readonly paper: string
  readonly statement: string

  /** After every call into the core; `node` still shows what was before. */
  steps?(ghost: Ghost, node: NodeGhost, core: CoreView): void
  /** Its clock has ticked. */
  ticks?(ghost: Ghost, node: NodeGhost, core: CoreView): void
  /** It asks for votes, or for pre-votes. `unapplied`: membership changes that it has committed and not applied. */
  campaigns?(ghost: Ghost, node: NodeGhost, core: CoreView, unapplied: readonly Entry[]): void
  elected?(ghost: Ghost, node: NodeGhost, leader: LeaderGhost): void
  /** A Ready was taken. */
  takes?(ghost: Ghost, node: NodeGhost, ready: Ready): void
  /** An entry came into its log, with this chain hash. `leader`: the leadership under which a leader wrote it. */
  appends?(ghost: Ghost, node: NodeGhost, entry: Entry, chain: number, leader: LeaderGhost | undefined): void
  /** A leader took a membership change into its log while this much was applied. */
  proposes?(ghost: Ghost, node: NodeGhost, leader: LeaderGhost, entry: MembershipEntry, applied: Index): void
  /** A Ready was taken, and the ghost is level with the core: its log, and in `ballot` what was saved or is being saved. */
  settles?(ghost: Ghost, node: NodeGhost, core: CoreView): void
  /** Its commit index rose to `to`; by counting if it leads, by hearsay otherwise. */
  commits?(ghost: Ghost, node: NodeGhost, to: Index, leader: LeaderGhost | undefined): void
  /** Its state machine applied this entry: chain hash and digest after it. */
  applies?(ghost: Ghost, node: NodeGhost, entry: Entry, chain: number, digest: number): void
  /** A snapshot from the leader replaces its log, and soon its state machine. */
  installs?(ghost: Ghost, node: NodeGhost, snapshot: Snapshot, digest: number): void
  /** A membership change took effect. */
  reconfigures?(ghost: Ghost, node: NodeGhost, index: Index, membership: Membership): void
  /** A message leaves for another node. */
  sends?(ghost: Ghost, node: NodeGhost, message: Message): void
  /** A message was stepped; `node` still shows what was before. */
  receives?(ghost: Ghost, node: NodeGhost, message: Message, core: CoreView): void
  compacts?(ghost: Ghost, node: NodeGhost, index: Index): void
  restarts?(ghost: Ghost, node: NodeGhost, status: Status): void
  /** A leader says from where on a read may be served. */
  releases?(ghost: Ghost, node: NodeGhost, read: ReadGhost, index: Index, leader: LeaderGhost | undefined): void
  /** The node answers the client of a read. */
  serves?(ghost: Ghost, node: NodeGhost, read: ReadGhost): void
}

/** An invariant does not hold. Stops the run. */
export class Violation extends Error {
  readonly invariant: string
  readonly node: NodeId | undefined

  constructor(invariant: string, node: NodeId | undefined, message: string) {
    super(message)
    this.name = 'Violation'
    this.invariant = invariant
    this.node = node
  }
}
