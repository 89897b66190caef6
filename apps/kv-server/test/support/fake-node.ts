import type { Applied, CallOptions, JoinAnswer, JoinRequest, MemberEdit, Node, NodeStatus } from 'raft-node'
import { MetricsRegistry, RaftError } from 'raft-node'
import type { CommandResult } from '../../src/store/command.ts'
import type { KvStore } from '../../src/store/kv-store.ts'

type MemberStatus = NodeStatus['members'][number]

const none = { match: undefined, state: undefined, active: undefined, lastContactMs: undefined, repairing: undefined }
const n1: MemberStatus = {
  id: 'n1',
  address: '127.0.0.1:8186',
  clientAddress: '127.0.0.1:8180',
  incarnation: 'a',
  voter: true,
  learner: false,
  ...none,
}
const n2: MemberStatus = { ...n1, id: 'n2', address: '127.0.0.1:8286', clientAddress: '127.0.0.1:8280' }
const n3: MemberStatus = { ...n1, id: 'n3', address: '127.0.0.1:8386', clientAddress: '127.0.0.1:8380' }

type Asked = 'identity' | 'metrics' | 'role' | 'term' | 'commit' | 'applied' | 'ageMs' | 'fault' | 'isClosing' | 'status' | 'leader'
type Called = 'apply' | 'read' | 'waitForApplied' | 'transferLeadership' | 'snapshot' | 'close'
/** What the server asks of its node, and no more. */
type Used = Pick<Node<CommandResult>, Asked | Called> & {
  readonly membership: Pick<Node<CommandResult>['membership'], 'join' | 'promote' | 'demote' | 'remove' | 'change'>
}

/** Node n1 of three, in memory: applies at once, and fails as told. */
export class FakeNode implements Used {
  readonly identity = { clusterId: 'c1', nodeId: 'n1', incarnation: 'a' }
  readonly store: KvStore
  index = 10
  leaderId: string | undefined = 'n1'
  fault: NodeStatus['fault']
  repairs: NodeStatus['repairs']
  diskFull: NodeStatus['diskFull']
  members: MemberStatus[] = [n1, { ...n2, active: true }, { ...n3, active: true }]
  outgoing: string[] = []
  /** What the next calls to `apply`, `read` and `join` reject with. */
  failure: Error | undefined
  /** What `apply` and `read` wait for. */
  gate: Promise<void> = Promise.resolve()
  joinRequests: JoinRequest[] = []
  lastOptions: (CallOptions & { forward?: boolean; consistency?: string }) | undefined
  writes = 0
  reads = 0
  ageMs: number | undefined
  /** Entries that are committed and not applied. */
  lag = 0
  isClosing = false
  readonly term = 3

  readonly metrics = new MetricsRegistry()

  constructor(store: KvStore) {
    this.store = store
    this.metrics.gauge('raft_is_leader', '1 on the leader', () => (this.role === 'leader' ? 1 : 0))
    this.metrics.gauge('raft_has_leader', '1 if the node knows who leads', () => (this.leaderId === undefined ? 0 : 1))
    this.metrics.gauge('raft_term', 'current term', () => this.term)
  }

  async apply(command: Uint8Array, options: CallOptions & { forward?: boolean } = {}): Promise<Applied<CommandResult>> {
    await this.#before(options)
    if (options.forward === false && this.leaderId !== 'n1') throw new RaftError('NOT_LEADER', 'n1 does not lead')
    this.index++
    this.writes++
    return { index: this.index, term: 3, result: this.store.apply(command, this.index) }
  }

  async read(options: CallOptions & { consistency?: 'linearizable' | 'stale' } = {}): Promise<number> {
    this.reads++
    await this.#before(options)
    return this.index
  }

  async waitForApplied(): Promise<number> {
    return this.index
  }

  async #before(options: CallOptions): Promise<void> {
    this.lastOptions = options
    if (this.failure) throw this.failure
    await this.gate
    if (this.leaderId === undefined && !('consistency' in options && options.consistency === 'stale')) {
      throw new RaftError('NO_LEADER', 'no leader')
    }
  }

  get role() {
    return this.leaderId === 'n1' ? ('leader' as const) : ('follower' as const)
  }
  get commit() {
    return this.index + this.lag
  }
  get applied() {
    return this.index
  }

  readonly membership = {
    join: async (request: JoinRequest): Promise<JoinAnswer> => {
      this.joinRequests.push(request)
      if (this.failure) throw this.failure
      return { clusterId: 'c1', nodeId: request.replace ? `${request.id}~2` : request.id, members: this.members.map(info) }
    },
    promote: async () => this.index,
    demote: async () => this.index,
    remove: async () => this.index,
    change: async (edits: readonly MemberEdit[]) => {
      if (this.failure) throw this.failure
      for (const edit of edits) {
        if (edit.type === 'remove') this.members = this.members.filter(({ id }) => id !== edit.id)
        if (edit.type !== 'add') continue
        const { id, address, clientAddress = '' } = edit
        const isSecondLife = edits.length > 1
        this.members.push({
          ...n1,
          id: isSecondLife ? `${id}~2` : id,
          address,
          clientAddress,
          incarnation: '',
          voter: false,
          learner: true,
        })
      }
      return this.index
    },
    leaseReads: async () => this.index,
  }

  status(): NodeStatus {
    const voters = this.members.filter(member => member.voter).map(member => member.id)
    const learners = this.members.filter(member => member.learner).map(member => member.id)
    return {
      identity: this.identity,
      address: n1.address,
      clientAddress: n1.clientAddress,
      role: this.role,
      leader: this.leaderId,
      term: this.term,
      commit: this.index,
      applied: this.index,
      ageMs: this.ageMs,
      saved: this.index,
      first: 1,
      last: { term: 3, index: this.index },
      snapshotIndex: 0,
      membership: { voters, outgoing: this.outgoing, learners, learnersNext: [], autoLeave: false, promoting: [] },
      membershipIndex: 3,
      members: this.members,
      fault: this.fault,
      closing: this.isClosing,
      repairs: this.repairs,
      diskFull: this.diskFull,
    }
  }

  leader() {
    const leader = this.members.find(member => member.id === this.leaderId)
    return leader && info(leader)
  }

  async transferLeadership() {
    return 'n2'
  }
  async snapshot() {
    return this.index
  }
  async close() {}
}

function info({ id, address, clientAddress, incarnation }: MemberStatus) {
  return { id, address, clientAddress, incarnation }
}
