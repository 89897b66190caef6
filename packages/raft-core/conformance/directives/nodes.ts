import { type Membership, noMembers } from '../../src/membership/membership.ts'
import type { Snapshot } from '../../src/messages.ts'
import { createRaft, type RaftMachine } from '../../src/raft.ts'
import { type Block, parseList } from '../blocks.ts'
import { Disk } from '../disk.ts'
import { nodeId } from '../ids.ts'
import type { Node } from '../world.ts'
import type { Directives } from './directive.ts'

/** Creates nodes, numbered on from those there are. */
export const nodeDirectives: Directives = {
  'add-nodes': (world, block) => {
    for (let count = Number(block.args[0]); count > 0; count--) {
      const node = createNode(String(world.nodes.size + 1), block)
      world.nodes.set(node.id, node)
    }
  },
}

function createNode(number: string, block: Block): Node {
  const id = nodeId(number)
  const record = firstRecord(block)
  const hardState = { term: 0, vote: undefined, commit: record.index }
  const snapshot = record.index > 0 ? record : undefined
  const options = { id, random: () => 0.5, restored: snapshot && { snapshot, hardState }, ...raftOptions(block) }
  return {
    id,
    raft: createRaft(options) as RaftMachine,
    overlapping: options.overlapping,
    disk: new Disk(record),
    record,
    hardState,
    appendThread: [],
    applyThread: [],
  }
}

/** What the node starts from: a snapshot that its state machine holds already, or nothing. */
function firstRecord({ options }: Block): Snapshot {
  const index = Number(options.get('index') ?? 0)
  if (index === 0) return { term: 0, index: 0, membership: noMembers, data: new Uint8Array() }
  const membership: Membership = { ...noMembers, voters: ids(options.get('voters')), learners: ids(options.get('learners')) }
  return { term: 1, index, membership, data: new TextEncoder().encode(options.get('content') ?? '') }
}

function ids(list = ''): string[] {
  return parseList(list).map(nodeId).sort()
}

/** Every option that the transcripts depend on, so that the product's defaults do not matter here. */
function raftOptions({ options }: Block) {
  const on = (name: string) => options.get(name) === 'true'
  const number = (name: string, otherwise: number) => Number(options.get(name) ?? otherwise)
  return {
    electionTicks: 3,
    heartbeatTicks: 1,
    preVote: on('prevote'),
    checkQuorum: on('checkquorum'),
    stepDownOnRemoval: on('step-down-on-removal'),
    readMode: options.get('read-only') === 'lease-based' ? 'unbounded-lease' : 'quorum',
    overlapping: on('async-storage-writes'),
    maxMessageBytes: Number.POSITIVE_INFINITY,
    maxApplyBytes: number('max-committed-size-per-ready', Number.POSITIVE_INFINITY),
    maxInflight: number('inflight', Number.MAX_SAFE_INTEGER),
    maxInflightBytes: Number.POSITIVE_INFINITY,
    maxUncommittedBytes: Number.POSITIVE_INFINITY,
    forwardProposals: true,
    voteRequestsAwaitSave: false,
    untakenChange: 'append-empty',
    checkMembershipChanges: !on('disable-conf-change-validation'),
    unconfirmedReads: 'drop',
    transferChecksLog: false,
    refusalsTellCommit: false,
    nonVotersTellTerm: false,
    replicationSessions: false,
    snapshotsMustNameNode: true,
  } as const
}
