import type { Index, Raft, Term } from 'raft-core'
import { chain } from '../hash.ts'
import { ChainLog } from '../world/chain-log.ts'
import type { Ghost, NodeGhost } from './ghost.ts'
import { LeaderGhost } from './ghost.ts'
import type { CoreView } from './invariant.ts'

/** What the observer asks a core for, beside its counters: only when a role changes. */
export type ObservedCore = CoreView & Pick<Raft, 'entries' | 'status'>

/** The whole log at the moment of the election, also what no Ready has shown yet. */
export function leadershipOf(core: ObservedCore, node: NodeGhost): LeaderGhost {
  const { log } = node
  const { first, last } = core.status()
  const leaderLog = new ChainLog({ index: first - 1, term: log.termAt(first - 1) ?? 0, chain: log.chainAt(first - 1) ?? 0 })
  const changes: Index[] = []
  for (const entry of core.entries(first, last.index)) {
    // The entry that the new leader itself has appended already comes with its Ready.
    if (entry.term === core.term) break
    leaderLog.push(entry.term, chain(leaderLog.lastChain, entry))
    if (entry.type === 'membership') changes.push(entry.index)
  }
  return new LeaderGhost(core.id, core.term, leaderLog, changes)
}

/** The leadership of this term, if it is this node's. */
export function leadership(ghost: Ghost, node: NodeGhost, term: Term): LeaderGhost | undefined {
  const leader = ghost.leaders.get(term)
  return leader?.id === node.id ? leader : undefined
}
