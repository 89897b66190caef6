import type { MembershipChange, Message, NodeId } from 'raft-core'
import type { Bounds } from './bounds.ts'

/** What can happen to one node. */
export type Input =
  | { readonly type: 'deliver'; readonly message: Message }
  /** Its election timeout ends. */
  | { readonly type: 'time out' }
  /** It has not heard from its leader for so long that it may listen to others. */
  | { readonly type: 'lease ends' }
  /** A tick of a leader. */
  | { readonly type: 'heartbeat' }
  /** Its oldest save ends. */
  | { readonly type: 'save' }
  /** It loses power and starts again. `kept`: a commit index that was written without a flush has reached the disk. */
  | { readonly type: 'crash'; readonly kept: boolean }
  | { readonly type: 'propose'; readonly data: Uint8Array }
  | { readonly type: 'change'; readonly change: MembershipChange }

/** What it uses up of the bounds. */
export type Budget = 'entries' | 'changes' | 'crashes' | 'duplicates' | 'heartbeats' | 'timeouts'

/** All counters are in one number, four bits each. */
const places: { readonly [B in Budget]: number } = { entries: 0, changes: 4, crashes: 8, duplicates: 12, heartbeats: 16, timeouts: 20 }

export function spent(budgets: number, budget: Budget): number {
  return (budgets >> places[budget]) & 15
}
export function spend(budgets: number, budget: Budget): number {
  return budgets + (1 << places[budget])
}

/** An input other than a message, with what allows it besides the node's own state. */
export type OwnInput = {
  readonly input: Input
  readonly costs: Budget | undefined
  /** Commands are numbered, so that no two are alike. */
  readonly ordinal: number | undefined
}

/** Every input that a node can have besides messages, in the order in which they are tried. */
export function ownInputs(bounds: Bounds, ids: readonly NodeId[]): readonly OwnInput[] {
  const inputs: OwnInput[] = [
    own({ type: 'save' }),
    own({ type: 'time out' }, bounds.preVote ? 'timeouts' : undefined),
    own({ type: 'lease ends' }),
    own({ type: 'heartbeat' }, 'heartbeats'),
    own({ type: 'crash', kept: false }, 'crashes'),
    own({ type: 'crash', kept: true }, 'crashes'),
  ]
  for (let i = 0; i < bounds.entries; i++) inputs.push(own({ type: 'propose', data: new Uint8Array([i]) }, 'entries', i))
  if (bounds.changes === 0) return inputs
  for (const [place, id] of ids.entries()) {
    const changes = [{ type: place < bounds.voters ? 'remove' : 'voter', id } as const]
    inputs.push(own({ type: 'change', change: { transition: 'auto', changes, context: undefined } }, 'changes'))
  }
  return inputs
}

function own(input: Input, costs?: Budget, ordinal?: number): OwnInput {
  return { input, costs, ordinal }
}
