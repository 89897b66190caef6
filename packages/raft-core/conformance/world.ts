import type { Entry, NodeId } from '../src/log/entry.ts'
import { type Membership, noMembers } from '../src/membership/membership.ts'
import type { Message, Snapshot } from '../src/messages.ts'
import type { RaftMachine } from '../src/raft.ts'
import type { HardState, SaveReceipt } from '../src/ready.ts'
import type { Disk } from './disk.ts'
import { nodeId } from './ids.ts'

/** What can be in flight: a message (`own`: to itself), or word from a storage thread that a save or the applying of entries is done. */
export type Parcel =
  | { readonly type: 'message'; readonly to: NodeId; readonly message: Message; readonly own: boolean }
  | { readonly type: 'saved'; readonly to: NodeId; readonly receipt: SaveReceipt; readonly snapshot: Snapshot | undefined }
  | { readonly type: 'applied'; readonly to: NodeId; readonly entries: readonly Entry[] }

/** A save that waits in a node's append thread, and what it sets free. */
export type AppendWork = {
  readonly node: NodeId
  readonly hardState: HardState | undefined
  readonly entries: readonly Entry[]
  readonly snapshot: Snapshot | undefined
  readonly responses: readonly Parcel[]
}

/** Entries that wait in a node's apply thread. */
export type ApplyWork = { readonly node: NodeId; readonly entries: readonly Entry[]; readonly responses: readonly Parcel[] }

export type Node = {
  readonly id: NodeId
  readonly raft: RaftMachine
  /** Saves and applies in threads of their own, while later Readys are made. */
  readonly overlapping: boolean
  readonly disk: Disk
  /** The state machine's newest snapshot; a new one is recorded after every entry. */
  record: Snapshot
  /** The hard state as the last Ready gave it. */
  hardState: HardState
  readonly appendThread: AppendWork[]
  readonly applyThread: ApplyWork[]
}

/** Everything that the directives of one file act on. */
export class World {
  readonly nodes = new Map<NodeId, Node>()
  /** Messages in flight, in order of sending. */
  bag: Parcel[] = []
  /** `log-level none`. */
  silent = false
  /** The files about the pure function from membership to membership. */
  readonly pure = { membership: noMembers as Membership, next: new Map<NodeId, number>(), lastIndex: 0 }

  node(number: string | undefined): Node {
    const node = number === undefined ? undefined : this.nodes.get(nodeId(number))
    if (node === undefined) throw new Error(`there is no node ${number ?? '(none named)'}`)
    return node
  }

  /** Takes out of the bag what the filter lets through, in order. */
  take(filter: (parcel: Parcel) => boolean): Parcel[] {
    const taken = this.bag.filter(filter)
    this.bag = this.bag.filter(parcel => !filter(parcel))
    return taken
  }
}
