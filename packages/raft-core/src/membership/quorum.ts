import type { Index, NodeId } from '../log/entry.ts'

/** One majority, or two that must both agree while the membership is joint (§6). An empty one agrees to everything. */
export type Majorities = { readonly voters: readonly NodeId[]; readonly outgoing: readonly NodeId[] }
/** How an election stands. */
export type VoteOutcome = 'won' | 'lost' | 'pending'

/** The greatest index that a majority (§5.3), or both (§6), have acknowledged. Infinity when there are no voters at all. */
export function committedIndex(majorities: Majorities, acknowledged: (id: NodeId) => Index | undefined): Index {
  const index = majorityIndex(majorities.voters, acknowledged)
  return majorities.outgoing.length === 0 ? index : Math.min(index, majorityIndex(majorities.outgoing, acknowledged))
}

// One array for all calls: this runs for every acknowledgement, and never inside itself.
const ranked: Index[] = []

function majorityIndex(voters: readonly NodeId[], acknowledged: (id: NodeId) => Index | undefined): Index {
  const count = voters.length
  if (count === 0) return Infinity
  for (let i = 0; i < count; i++) {
    const index = acknowledged(voters[i]!) ?? 0
    let place = i
    while (place > 0 && ranked[place - 1]! < index) {
      ranked[place] = ranked[place - 1]!
      place--
    }
    ranked[place] = index
  }
  return unboxed(ranked[count >> 1]!)
}

/**
 * An array that has once held Infinity holds floats from then on, and V8 hands each one out in memory of its own. An index like that
 * would go into the log, and entries with it would be of another kind than those without.
 */
function unboxed(index: Index): Index {
  return index === (index | 0) ? index | 0 : index
}

/** §5.2: won by a majority's yes, lost once that is out of reach. Undefined is a vote not yet cast. */
export function voteOutcome(majorities: Majorities, vote: (id: NodeId) => boolean | undefined): VoteOutcome {
  const incoming = majorityOutcome(majorities.voters, vote)
  if (majorities.outgoing.length === 0) return incoming
  const outgoing = majorityOutcome(majorities.outgoing, vote)
  if (incoming === outgoing) return incoming
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending'
}

function majorityOutcome(voters: readonly NodeId[], vote: (id: NodeId) => boolean | undefined): VoteOutcome {
  if (voters.length === 0) return 'won'
  const quorum = (voters.length >> 1) + 1
  let granted = 0
  let missing = 0
  for (const id of voters) {
    const cast = vote(id)
    if (cast === undefined) missing++
    else if (cast) granted++
  }
  if (granted >= quorum) return 'won'
  return granted + missing >= quorum ? 'pending' : 'lost'
}
