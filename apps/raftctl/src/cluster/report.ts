import type { MemberStatus, StatusResponse } from 'kv-client'
import type { Gathered } from './gather.ts'
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
  /** Why it does not serve, when it says so. */
  readonly fault: string | null
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
  const rows = members.map(({ member, status }) => memberReport(member, status, leader))
  const voters = rows.filter(({ voter }) => voter)
  const tolerance = toleranceOf({ voters: voters.length, reachable: voters.filter(({ role }) => role !== 'unreachable').length })
  return { clusterId, leader: leader?.id ?? null, members: rows, tolerance, summary: describeTolerance(tolerance, leader !== undefined) }
}

function memberReport(member: MemberStatus, status: StatusResponse | undefined, leader: StatusResponse | undefined): MemberReport {
  // What is on a silent member's disk the leader still knows: it cannot have applied more.
  const applied = status?.applied ?? null
  const reached = applied ?? member.match ?? null
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
    lastContactMs: member.id === leader?.id || member.lastContactMs === undefined ? null : Math.round(member.lastContactMs),
    fault: status?.fault?.message ?? null,
  }
}

function roleOf(member: MemberStatus, status: StatusResponse | undefined): MemberReport['role'] {
  if (status === undefined) return 'unreachable'
  return member.learner ? 'learner' : status.role
}
