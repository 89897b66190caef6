import type { Logger } from 'pino'
import type { NodeEvent } from 'raft-node'
import type { PeerConnections } from './connections.ts'
import { Metrics } from './metrics/metrics.ts'

/** Strangers choose their names: what is remembered of them must not grow for ever. */
const refusalsMax = 1_000

type Membership = Extract<NodeEvent, { type: 'membership' }>['membership']
type Handshake = Extract<NodeEvent, { type: 'handshake' }>

/** Writes one line for each thing that happens to a node and that an operator cares about. */
export class EventLog {
  readonly #log: Logger | undefined
  readonly #connections: PeerConnections
  readonly #metrics: Metrics
  #leader: string | undefined
  readonly #refusals = new Set<string>()
  #standings: ReadonlyMap<string, string> = new Map()

  constructor(log: Logger | undefined, connections: PeerConnections, metrics = new Metrics()) {
    this.#metrics = metrics
    this.#log = log
    this.#connections = connections
  }

  /** Every event of the node comes here: the connections are kept from it even if nothing is logged. */
  observe(event: NodeEvent): void {
    this.#count(event)
    if (event.type === 'role') this.#log?.info({ role: event.role, term: event.term, leader: event.leader }, `raft: ${roleWords(event)}`)
    else if (event.type === 'membership') this.#membership(event.membership, event.index)
    else if (event.type === 'snapshot') this.#log?.info({ index: event.index }, `snapshot: ${event.cause} at index ${event.index}`)
    else if (event.type === 'snapshotFailure')
      this.#log?.error(`snapshot: the log, or the folder of snapshots, goes on growing: ${event.reason}`)
    else if (event.type === 'peer') this.#peer(event)
    else if (event.type === 'handshake') this.#handshake(event)
    else if (event.type === 'repair') this.#repair(event)
    else if (event.type === 'divergence')
      this.#log?.error({ peer: event.id, index: event.index }, `store: ${event.id} differs from this node after index ${event.index}`)
    else if (event.type === 'disk') this.#log?.[event.isFull ? 'error' : 'info'](`disk: ${event.message}`)
    else this.#log?.error({ code: event.code }, `fault: ${event.code}: ${event.message}`)
  }

  #repair({ what, reason }: Extract<NodeEvent, { type: 'repair' }>): void {
    if (what === 'finished') this.#log?.info(`repair: finished: ${reason}`)
    else
      this.#log?.warn(
        `repair: ${reason}. This node waits for a leader to fill its log again, and does not vote until then. Is it the only member: stop it, its old log is kept in the data folder`,
      )
  }

  #count(event: NodeEvent): void {
    if (event.type === 'role' && event.leader !== undefined && event.leader !== this.#leader) {
      this.#leader = event.leader
      this.#metrics.leaderChanges++
    } else if (event.type === 'fault') this.#metrics.faults++
  }

  #peer(event: Extract<NodeEvent, { type: 'peer' }>): void {
    if (!this.#connections.observe(event)) return
    if (event.state === 'connected') this.#log?.info({ peer: event.id }, `peer: ${event.id} connected`)
    else this.#log?.warn({ peer: event.id }, `peer: ${event.id} ${event.state === 'lost' ? 'connection lost' : 'refuses connections'}`)
  }

  /** Dialling goes on for ever, so the same refusal comes back every few seconds: said once. */
  #handshake({ id, reason, direction, remote }: Handshake): void {
    const line = direction === 'in' ? `turned ${id ?? 'a stranger'} away` : `was turned away by ${id ?? 'a stranger'}`
    const said = `${line}: ${refusalWords[reason]}`
    if (this.#refusals.has(said)) return
    if (this.#refusals.size < refusalsMax) this.#refusals.add(said)
    this.#log?.warn({ peer: id, remote, reason }, `peer: ${said}`)
  }

  #membership(membership: Membership, index: number): void {
    const standings = standingsOf(membership)
    if (this.#standings.size === 0) {
      const all = [...standings].map(([id, standing]) => `${id} ${standing}`).sort()
      this.#log?.info({ index }, `members: ${all.join(', ')}`)
    } else this.#changes(standings, index)
    this.#standings = standings
  }

  #changes(standings: ReadonlyMap<string, string>, index: number): void {
    for (const [id, standing] of standings) {
      const before = this.#standings.get(id)
      if (before === undefined) this.#log?.info({ member: id, index }, `members: ${id} added as ${standing}`)
      else if (before !== standing) this.#log?.info({ member: id, index }, `members: ${id} is now ${standing}`)
    }
    for (const id of this.#standings.keys()) if (!standings.has(id)) this.#log?.info({ member: id, index }, `members: ${id} removed`)
  }
}

/** Fits whoever of the two has turned the other away. */
const refusalWords: Readonly<Record<Handshake['reason'], string>> = {
  'other-cluster': 'the two belong to different clusters',
  'other-node': 'another node was expected at that address',
  'other-version': 'no node, or one of another version',
  'wiped-member': 'the member of that name has another data folder',
  'old-folder': 'the data folder is an old copy',
  'not-a-member': 'not a member yet',
  removed: 'removed from the cluster',
  'not-a-peer': 'the certificate is not that of a peer, or of another authority',
}

function standingsOf({ voters, outgoing, learners }: Membership): Map<string, string> {
  const standings = new Map<string, string>()
  for (const id of outgoing) standings.set(id, 'leaving voter')
  for (const id of learners) standings.set(id, 'learner')
  for (const id of voters) standings.set(id, 'voter')
  return standings
}

function roleWords({ role, term, leader }: Extract<NodeEvent, { type: 'role' }>): string {
  if (role === 'leader') return `leads term ${term}`
  if (role === 'follower') return leader === undefined ? `knows no leader in term ${term}` : `follows ${leader} in term ${term}`
  return role === 'candidate' ? `asks for votes in term ${term}` : `asks whether it would get votes after term ${term}`
}
