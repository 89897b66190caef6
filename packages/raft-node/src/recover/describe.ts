import { type Membership, memberIds } from 'raft-core'
import type { Recovery } from './recover-cluster.ts'

/** A recovery in words: what was or would be done, what is committed by it, and what is lost. */
export function describeRecovery(recovery: Recovery): string {
  const { isDryRun, nodeId, clusterId, membership, committed, commits, last } = recovery
  const after = memberIds(membership.after)
  const gone = memberIds(membership.before).filter(id => !after.includes(id))
  const lines = [
    isDryRun ? 'Nothing has been changed. A recovery of this folder would do this:' : 'This folder is a new cluster now:',
    `  cluster id    ${clusterId.before} becomes ${clusterId.after ?? 'a new one'}: members of the old cluster are turned away`,
    `  members       ${show(membership.before)} become ${show(membership.after)}`,
    `  committed     up to entry ${committed} this folder knew entries to be committed`,
    commits.length === 0
      ? '  commits       nothing else'
      : `  commits       ${commits.length} entries of which nobody can tell whether they were:`,
    ...commits.map(({ index, term, type, bytes }) => `                ${index}@${term} ${type}, ${bytes} bytes`),
    `  lost          whatever ${gone.join(', ') || 'nobody'} acknowledged after entry ${last.index} of term ${last.term}`,
    `Next: start ${nodeId} with this folder; start the other members with empty folders, joining it.`,
  ]
  return lines.join('\n')
}

function show({ voters, learners }: Membership): string {
  return [...voters, ...learners.map(id => `${id} (learner)`)].join(', ')
}
