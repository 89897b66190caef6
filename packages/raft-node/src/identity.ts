import type { JoinAnswer, JoinRequest, NodeOptions } from './api.ts'
import { RaftError } from './errors.ts'
import { nameOf } from './node-names.ts'
import { foundingIndex } from './peer-gate.ts'
import type { Clock, Identity, LogState, LogStore, MemberInfo, SnapshotStore } from './ports.ts'
import type { ReplicatedState } from './replicated-state.ts'

/** A folder has an incarnation before it has a cluster: until it was founded or let in, the cluster id is empty. */
export function isProvisional({ clusterId }: Identity): boolean {
  return clusterId === ''
}

type Options = Pick<NodeOptions<unknown>, 'id' | 'dir' | 'bootstrap' | 'join' | 'replace'>

/** Whose folder this is; a new one becomes this node's, durably, before anybody hears of its incarnation. */
export async function claimFolder(logStore: LogStore, clock: Clock, found: Identity | undefined, options: Options): Promise<Identity> {
  if (found !== undefined && !isProvisional(found) && nameOf(found.nodeId) !== options.id) {
    const help = `start it with --id ${nameOf(found.nodeId)}, or name another folder`
    throw new RaftError('FOLDER_FOREIGN', `${options.dir} belongs to node ${nameOf(found.nodeId)}, not to ${options.id}: ${help}`)
  }
  if (found === undefined || isProvisional(found)) requireOneWayIn(options)
  if (found !== undefined && nameOf(found.nodeId) === options.id) return found
  // Of a first try under another name, which nobody let in, the incarnation stays: should somebody have, the answer says so.
  const identity = { clusterId: '', nodeId: options.id, incarnation: found?.incarnation ?? clock.uniqueId() }
  await logStore.initialize(identity)
  return identity
}

function requireOneWayIn({ dir, bootstrap = false, join }: Options): void {
  if (bootstrap !== (join !== undefined)) return
  const help = 'either found a cluster (bootstrap) or join one (join), not both and not neither'
  throw new RaftError('INVALID_ARGUMENT', `${dir} does not belong to a cluster yet: ${help}`)
}

/** Whether this folder holds a cluster that was founded in it and never had another member. */
export async function isLoneFounder(
  store: SnapshotStore,
  found: { readonly identity: Identity | undefined; readonly state: LogState },
): Promise<boolean> {
  if (found.identity === undefined || isProvisional(found.identity)) return false
  const [newest] = await store.list()
  const isFounding = newest?.membershipIndex === foundingIndex && newest.membership.voters.length === 1
  return isFounding && !found.state.entries.some(entry => entry.type === 'membership')
}

type Founding = {
  readonly logStore: LogStore
  readonly snapshotStore: SnapshotStore
  readonly state: ReplicatedState<unknown>
  readonly clock: Clock
}

/**
 * Founds a cluster of this one node. It starts from a snapshot that holds its membership and an empty state; the folder gets its
 * cluster id only after that, so that a crash in between leaves a folder that is still to be founded.
 */
export async function foundCluster(parts: Founding, identity: Identity, self: Omit<MemberInfo, 'incarnation' | 'id'>): Promise<Identity> {
  const { nodeId, incarnation } = identity
  const membership = { voters: [nodeId], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
  const position = { term: 1, index: foundingIndex }
  const members = [{ id: nodeId, incarnation, ...self }]
  await parts.snapshotStore.keep(0)
  await parts.snapshotStore.write(
    { ...position, membership, membershipIndex: foundingIndex, members, chain: 0, hasNodePart: true },
    parts.state.snapshot(),
  )
  const founded = { ...identity, clusterId: parts.clock.uniqueId() }
  await parts.logStore.initialize(founded)
  return founded
}

/**
 * For a folder that was let in, and holds nothing of its cluster yet: who its members are.
 * @throws RaftError OTHER_CLUSTER where those who were asked now belong to another one.
 */
export async function askAgain(ask: Ask, { clusterId, nodeId }: Identity, request: JoinRequest, dir: string): Promise<JoinAnswer> {
  const answer = checkAnswer(await ask(request))
  if (answer.clusterId === clusterId) return answer
  const what = `${dir} was let into cluster ${clusterId} as ${nodeId}, and who was asked now belongs to cluster ${answer.clusterId}`
  const help = `name a member of the first one; or start with a new folder, and remove ${answer.nodeId} from the other, which has let it in`
  throw new RaftError('OTHER_CLUSTER', `${what}: ${help}`)
}

/** It comes from the application, and over whatever network that uses. */
function checkAnswer(answer: JoinAnswer): JoinAnswer {
  const { clusterId, nodeId, members } = (answer ?? {}) as Partial<JoinAnswer>
  const isMember = (member: unknown) => infoFields.every(field => typeof (member as MemberInfo | null)?.[field] === 'string')
  const isWhole = isName(clusterId) && isName(nodeId) && Array.isArray(members) && members.every(isMember)
  if (isWhole) return answer
  const what = 'the answer to the join is not one that a member gives (clusterId, nodeId, members)'
  throw new RaftError('INVALID_ARGUMENT', `${what}: is that address a member?`)
}

const infoFields = ['id', 'address', 'clientAddress', 'incarnation'] as const

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

type Ask = (request: JoinRequest) => Promise<JoinAnswer>

/** Asks to be let in. Asked again after a crash, with the same incarnation, it gets the same answer. */
export async function joinCluster(
  ask: Ask,
  logStore: LogStore,
  identity: Identity,
  request: JoinRequest,
): Promise<{ identity: Identity; answer: JoinAnswer }> {
  const answer = checkAnswer(await ask(request))
  const name = nameOf(answer.nodeId)
  if (name !== request.id) {
    throw new RaftError('INVALID_ARGUMENT', `this folder was let in as ${name} before: start it with --id ${name}, or name another folder`)
  }
  const joined = { clusterId: answer.clusterId, nodeId: answer.nodeId, incarnation: identity.incarnation }
  await logStore.initialize(joined)
  return { identity: joined, answer }
}
