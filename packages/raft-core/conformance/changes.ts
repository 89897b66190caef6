import type { MemberChange, MembershipChange } from '../src/log/entry.ts'
import { nodeId, showId } from './ids.ts'

const types = { v: 'voter', l: 'learner', r: 'remove', u: 'update' } as const
const letters = { voter: 'v', learner: 'l', remove: 'r', update: 'u' } as const

/** Marks a change in the transcripts' older, one-change form. The core carries it along unread. */
const olderForm = new TextEncoder().encode('v1')

/** `v1 l2 r3 u4`. A change of node 0 is a change of nobody. */
export function parseChanges(lines: readonly string[]): MemberChange[] {
  const words = lines.join(' ').split(/\s+/)
  return words.filter(word => word !== '' && word.slice(1) !== '0').map(parseChange)
}

function parseChange(word: string): MemberChange {
  const type = types[word[0] as keyof typeof types]
  if (type === undefined || !/^\d+$/.test(word.slice(1))) throw new Error(`not a membership change: ${word}`)
  return { type, id: nodeId(word.slice(1)) }
}

export function membershipChange(
  changes: readonly MemberChange[],
  transition: MembershipChange['transition'],
  older: boolean,
): MembershipChange {
  return { transition, changes, context: older ? olderForm : undefined }
}

/** `EntryConfChangeV2 v1 l2`, or `EntryConfChange v1` for the older form. */
export function showChange(change: MembershipChange): string {
  const name = change.context === undefined ? 'EntryConfChangeV2' : 'EntryConfChange'
  return [name, ...change.changes.map(({ type, id }) => letters[type] + showId(id))].join(' ')
}
