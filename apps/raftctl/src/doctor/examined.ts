import type { StatusResponse } from 'kv-client'
import { type AskStatus, type Gathered, gather } from '../cluster/gather.ts'
import { type ClusterReport, reportOf } from '../cluster/report.ts'

/** A member as it was found. What a silent one has is not known. */
export type ExaminedMember = {
  readonly id: string
  readonly voter: boolean
  readonly status: StatusResponse | undefined
  /** How long its answer took, and how far its wall clock was ahead of ours, give or take half of that. */
  readonly answerMs: number | undefined
  readonly clockAheadMs: number | undefined
}

export type Examined = { readonly report: ClusterReport; readonly members: readonly ExaminedMember[] }

type Timing = { readonly answerMs: number; readonly clockAheadMs: number | undefined }

/** Asks every member, and looks at the clock while it does. */
export async function examine(endpoints: readonly string[], ask: AskStatus, at: (address: string) => string): Promise<Examined> {
  const timings = new Map<string, Timing>()
  const timed: AskStatus = async endpoint => {
    const [wall, begin] = [Date.now(), performance.now()]
    const status = await ask(endpoint)
    const answerMs = performance.now() - begin
    const now = status.server?.now
    timings.set(status.id, { answerMs, clockAheadMs: now === undefined ? undefined : now - (wall + answerMs / 2) })
    return status
  }
  const gathered: Gathered = await gather(endpoints, timed, at)
  const members = gathered.members.map(({ member, status }) => {
    const timing = status === undefined ? undefined : timings.get(member.id)
    return { id: member.id, voter: member.voter, status, answerMs: timing?.answerMs, clockAheadMs: timing?.clockAheadMs }
  })
  return { report: reportOf(gathered), members }
}
