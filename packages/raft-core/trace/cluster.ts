import type { Membership, Message, NodeId, Raft, RaftOptions, RestoredState } from '../src/index.ts'
import { createRaft, formatStateEvent, noMembers } from '../src/index.ts'

type Disk = { hardState: RestoredState['hardState']; readonly entries: NonNullable<RestoredState['entries']>[number][] }

/** A cluster whose every step is written down, in the order in which the steps happen. Messages arrive in the order in which they left. */
export class TracedCluster {
  readonly lines: string[] = []
  readonly nodes = new Map<NodeId, Raft>()
  wire: Message[] = []
  readonly #founders: Membership
  readonly #disks = new Map<NodeId, Disk>()
  readonly #options: Partial<RaftOptions>

  constructor(voters: readonly NodeId[], options: Partial<RaftOptions> = {}) {
    this.#founders = { ...noMembers, voters }
    // The specification does not know that a refusal can tell a commit index.
    this.#options = { refusalsTellCommit: false, ...options }
    for (const id of voters) this.start(id)
  }

  /** Starts or restarts a node from its disk. Only founders know the membership from the start. */
  start(id: NodeId): void {
    const founder = this.#founders.voters.includes(id)
    const disk = this.#disks.get(id) ?? { hardState: founder ? { term: 1, vote: undefined, commit: 1 } : undefined, entries: [] }
    this.#disks.set(id, disk)
    const snapshot = founder ? { term: 1, index: 1, membership: this.#founders, data: new Uint8Array() } : undefined
    const stateTrace: RaftOptions['stateTrace'] = event => void this.lines.push(formatStateEvent(event))
    const random = () => Number(id.slice(1)) / 10
    this.nodes.set(
      id,
      createRaft({ id, random, ...this.#options, stateTrace, restored: { snapshot, ...disk, entries: [...disk.entries] } }),
    )
  }

  node(id: NodeId): Raft {
    return this.nodes.get(id)!
  }

  /** Everything that this node owes to its disk and to others. */
  work(id: NodeId): void {
    const raft = this.node(id)
    while (raft.hasReady()) {
      const ready = raft.ready()
      this.#save(this.#disks.get(id)!, ready)
      this.wire.push(...ready.send, ...ready.sendAfterSave)
      raft.advance(ready)
    }
  }

  #save(disk: Disk, { hardState, entries }: ReturnType<Raft['ready']>): void {
    const first = entries[0]
    if (hardState) disk.hardState = hardState
    if (first) disk.entries.splice(disk.entries.findIndex(({ index }) => index === first.index) >>> 0, Number.POSITIVE_INFINITY, ...entries)
  }

  /** Delivers until nothing is left; `lost` never arrives. */
  settle(lost: (message: Message) => boolean = () => false): void {
    for (const id of this.nodes.keys()) this.work(id)
    for (let message = this.wire.shift(); message; message = this.wire.shift()) {
      if (lost(message) || !this.nodes.has(message.to)) continue
      this.node(message.to).step(message)
      this.work(message.to)
    }
  }

  tick(id: NodeId, times: number): void {
    for (let i = 0; i < times; i++) this.node(id).tick()
  }
}
