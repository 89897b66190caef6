/** How far a search goes: everything that could go on for ever has a limit. What may be lost needs none: it is never delivered. */
export type Bounds = {
  /** The founders, all of them voters, and those who may be added to them. */
  readonly voters: number
  readonly others: number
  /** Terms in which somebody may stand for election. */
  readonly terms: number
  /** Commands that a client proposes, beside the empty entry with which every leader starts. */
  readonly entries: number
  /** Messages that arrive a second time. */
  readonly duplicates: number
  /** Nodes that lose power, and start again from their disks. */
  readonly crashes: number
  /** Ticks of leaders. */
  readonly heartbeats: number
  /** Membership changes: any voter removed, or any other added. */
  readonly changes: number
  /** With pre-vote, which raises no term: election timeouts, lost elections included. */
  readonly timeouts: number
  /** `instant`: a node goes on only when its disk has answered. `slow`: it goes on, and its saves end at any time later. */
  readonly disk: 'instant' | 'slow'
  /** Pre-vote and check-quorum, and with them leases that may run out at any time. */
  readonly preVote: boolean
  /** Entries travel one at a time. */
  readonly smallMessages: boolean
}

export const noFaults: Bounds = {
  voters: 3,
  others: 0,
  terms: 1,
  entries: 0,
  duplicates: 0,
  crashes: 0,
  heartbeats: 0,
  changes: 0,
  timeouts: 0,
  disk: 'instant',
  preVote: false,
  smallMessages: false,
}

const words: { readonly [B in keyof Bounds]: (value: Bounds[B]) => string } = {
  voters: n => `${n} nodes`,
  others: n => (n === 0 ? '' : `${n} to be added`),
  terms: n => count(n, 'term'),
  entries: n => count(n, 'entry', 'entries'),
  duplicates: n => count(n, 'duplicate'),
  crashes: n => count(n, 'crash', 'crashes'),
  heartbeats: n => count(n, 'heartbeat'),
  changes: n => count(n, 'membership change'),
  timeouts: n => count(n, 'timeout'),
  disk: disk => (disk === 'slow' ? 'slow disks' : ''),
  preVote: on => (on ? 'pre-vote and leases' : ''),
  smallMessages: on => (on ? 'one entry a message' : ''),
}

export function describeBounds(bounds: Bounds): string {
  const parts = (Object.keys(words) as (keyof Bounds)[]).map(name => (words[name] as (value: unknown) => string)(bounds[name]))
  return parts.filter(part => part !== '').join(', ')
}

function count(n: number, one: string, many = `${one}s`): string {
  return n === 0 ? '' : `${n} ${n === 1 ? one : many}`
}
