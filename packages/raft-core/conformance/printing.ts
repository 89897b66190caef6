import type { ProgressStatus } from '../src/api.ts'
import type { Entry } from '../src/log/entry.ts'
import type { Membership } from '../src/membership/membership.ts'
import type { Snapshot } from '../src/messages.ts'
import type { HardState, ReadState, Ready } from '../src/ready.ts'
import type { RoleName } from '../src/roles.ts'
import { showChange } from './changes.ts'
import { showId, showIds } from './ids.ts'
import { quote } from './quoting.ts'
import type { Wire } from './translation.ts'

export const roleNames: Record<RoleName, string> = {
  follower: 'StateFollower',
  preCandidate: 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
}

const progressNames = { probe: 'StateProbe', replicate: 'StateReplicate', snapshot: 'StateSnapshot' } as const

export function showEntry(entry: Entry): string {
  const position = `${entry.term}/${entry.index}`
  if (entry.type === 'membership') return `${position} ${showChange(entry.change)}`
  return `${position} EntryNormal ${quote(entry.type === 'command' ? entry.data : new Uint8Array())}`
}

function showSnapshot(snapshot: Snapshot): string {
  return `Index:${snapshot.index} Term:${snapshot.term} ConfState:${showMembership(snapshot.membership)}`
}

function showMembership({ voters, outgoing, learners, learnersNext, autoLeave }: Membership): string {
  const members = `Voters:[${showIds(voters)}] VotersOutgoing:[${showIds(outgoing)}]`
  return `${members} Learners:[${showIds(learners)}] LearnersNext:[${showIds(learnersNext)}] AutoLeave:${autoLeave}`
}

/** A message, on as many lines as it needs; with the responses that it sets free, where it is work for a storage thread. */
export function showWire(wire: Wire, responses: readonly Wire[] = []): string[] {
  const lines = [showHead(wire)]
  const entries = (wire.entries ?? []).map(showEntry)
  if (entries.length === 1) lines[0] += ` Entries:[${entries[0]}]`
  if (entries.length > 1) {
    lines[0] += ' Entries:['
    lines.push(...indent(entries), ']')
  }
  // A snapshot of nothing is none.
  if (wire.snapshot !== undefined && wire.snapshot.index > 0) lines.push(`  Snapshot: ${showSnapshot(wire.snapshot)}`)
  if (responses.length === 0) return lines
  lines.push(`${lines.pop()} Responses:[`)
  return [...lines, ...indent(responses.flatMap(response => showWire(response))), ']']
}

function showHead({ from, to, name, term, log, hint, commit, vote }: Wire): string {
  let head = `${from}->${to} ${name} Term:${term} Log:${log.term}/${log.index}`
  if (hint !== undefined) head += ` Rejected (Hint: ${hint})`
  if (commit) head += ` Commit:${commit}`
  if (vote !== undefined) head += ` Vote:${showId(vote)}`
  return head
}

const indent = (lines: readonly string[]): string[] => lines.map(line => `  ${line}`)

/** A Ready, with its messages already in lines. `before`: the hard state of the Ready before it. */
export function showReady(ready: Ready, before: HardState, messages: readonly string[]): string[] {
  const { softState, hardState, reads, entries, snapshot, apply } = ready
  const lines: string[] = []
  if (softState) lines.push(`Lead:${showId(softState.leader)} State:${roleNames[softState.role]}`)
  if (hardState) lines.push(showHardState(hardState))
  if (reads.length > 0) lines.push(`ReadStates [${reads.map(showRead).join(' ')}]`)
  if (entries.length > 0) lines.push('Entries:', ...entries.map(showEntry))
  if (snapshot) lines.push(`Snapshot ${showSnapshot(snapshot)}`)
  if (apply.length > 0) lines.push('CommittedEntries:', ...apply.map(showEntry))
  if (messages.length > 0) lines.push('Messages:', ...messages)
  return lines.length === 0 ? ['<empty Ready>'] : [`Ready MustSync=${mustSync(ready, before)}:`, ...lines]
}

/** The transcripts' meaning of it: a snapshot alone does not count. */
function mustSync({ entries, hardState }: Ready, before: HardState): boolean {
  return entries.length > 0 || (hardState !== undefined && (hardState.term !== before.term || hardState.vote !== before.vote))
}

function showHardState({ term, vote, commit }: HardState): string {
  return `HardState Term:${term}${vote === undefined ? '' : ` Vote:${showId(vote)}`} Commit:${commit}`
}

function showRead(read: ReadState): string {
  const bytes = [...new TextEncoder().encode(read.context)]
  return `{${'index' in read ? read.index : 'expired'} [${bytes.join(' ')}]}`
}

/** What a leader knows of one member. */
export function showProgress(progress: ProgressStatus): string {
  const { id, state, match, next, learner, paused, pendingSnapshot, active, inflight, inflightFull } = progress
  let line = `${showId(id)}: ${progressNames[state]} match=${match} next=${next}`
  if (learner) line += ' learner'
  if (paused) line += ' paused'
  if (pendingSnapshot > 0) line += ` pendingSnap=${pendingSnapshot}`
  if (!active) line += ' inactive'
  if (inflight > 0) line += ` inflight=${inflight}${inflightFull ? '[full]' : ''}`
  return line
}
