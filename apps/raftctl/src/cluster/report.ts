import type { MemberStatus, StatusResponse } from 'kv-client'
import type { Answered, Gathered } from './gather.ts'
import { describeTolerance, type Tolerance, toleranceOf } from './tolerance.ts'

export type MemberReport = {
  readonly id: string
  readonly address: string
  readonly clientAddress: string
  readonly role: 'leader' | 'follower' | 'candidate' | 'preCandidate' | 'learner' | 'unreachable'
  readonly voter: boolean
  readonly term: number | null
  readonly commit: number | null
  readonly applied: number | null
  /** How many committed entries the leader has that this member has not applied. */
  readonly lag: number | null
  /** Milliseconds since the leader heard from it. */
  readonly lastContactMs: number | null
  readonly version: string | null
  /** What its data folder takes, and how much is free on that disk. */
  readonly diskBytes: number | null
  readonly diskFreeBytes: number | null
  /** Why it does not serve, when it says so. */
  readonly fault: string | null
  /** What is wrong with its log, while a leader fills that again: until then it counts for no majority. */
  readonly repairs: string | null
  /** Why it takes no writes, when its disk is full. */
  readonly diskFull: string | null
}

export type ClusterReport = {
  readonly clusterId: string
  readonly leader: string | null
  readonly members: readonly MemberReport[]
  readonly tolerance: Tolerance
  readonly summary: string
}

/** What `cluster status` shows. */
export function reportOf({ members, leader, clusterId }: Gathered): ClusterReport {
  const rows = members.map(answered => memberReport(answered, leader))
  const voters = rows.filter(({ voter }) => voter)
  const tolerance = toleranceOf({ voters: voters.length, reachable: voters.filter(({ role }) => role !== 'unreachable').length })
  return { clusterId, leader: leader?.id ?? null, members: rows, tolerance, summary: describeTolerance(tolerance, leader !== undefined) }
}

function memberReport({ member, status, stranger }: Answered, leader: StatusResponse | undefined): MemberReport {
  // What is on a silent member's disk the leader still knows, if it has heard of it since it leads: it cannot have applied more.
  const applied = status?.applied ?? null
  const reached = applied ?? (member.match || null)
  return {
    id: member.id,
    address: member.address,
    clientAddress: member.clientAddress,
    role: roleOf(member, status),
    voter: member.voter,
    term: status?.term ?? null,
    commit: status?.commit ?? null,
    applied,
    lag: leader === undefined || reached === null ? null : Math.max(0, leader.commit - reached),
    lastContactMs: leader === undefined || member.id === leader.id ? null : rounded(member.lastContactMs),
    // A node of an earlier version does not say these.
    version: status?.server?.version ?? null,
    diskBytes: status?.disk?.dataBytes ?? null,
    diskFreeBytes: status?.disk?.freeBytes ?? null,
    fault: status?.fault?.message ?? strangeness(stranger),
    diskFull: status?.diskFull ?? null,
    repairs: status?.repairs ?? (member.repairing ? 'its log is damaged' : null),
  }
}

function strangeness(stranger: StatusResponse | undefined): string | null {
  if (stranger === undefined) return null
  return stranger.fault?.message ?? `a node of another cluster (${stranger.clusterId.slice(0, 8)}) answers at ${stranger.clientAddress}`
}

const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms))

function roleOf(member: MemberStatus, status: StatusResponse | undefined): MemberReport['role'] {
  if (status === undefined) return 'unreachable'
  return member.learner ? 'learner' : status.role
}
