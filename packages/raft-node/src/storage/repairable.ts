import type { HardState } from 'raft-core'
import type { FoundMarks, Mark } from './watermark.ts'

/**
 * What can be believed of a node whose log cannot: whose it is, and in which term it has voted for whom. Undefined where even that is
 * not known. With one copy damaged as well, the other may be from before the last vote; unless it says that a repair is under way, since
 * no vote is given then, and before that both copies said so.
 */
export function repairableMark({ copies: [newest, older] }: FoundMarks, log: HardState | undefined): Mark | undefined {
  if (newest === undefined || newest.mark.identity.clusterId === '') return undefined
  if (older === undefined) return newest.mark.repairing ? newest.mark : undefined
  const ballots = [newest.mark, older.mark, ...(log === undefined ? [] : [log])]
  const term = Math.max(...ballots.map(ballot => ballot.term))
  const votes = new Set(ballots.flatMap(ballot => (ballot.term === term && ballot.vote !== undefined ? [ballot.vote] : [])))
  // Two votes in one term: nothing is promised in the next.
  if (votes.size > 1) return { ...newest.mark, term: term + 1, vote: undefined }
  return { ...newest.mark, term, vote: [...votes][0] }
}
