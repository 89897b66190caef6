import { type Membership, memberIds } from 'raft-core'
import { nameOf } from '../node-names.ts'
import type { Recovery } from './recover-cluster.ts'

/** More are only counted: the newest are those that somebody may remember. */
const commitsShown = 20

/** A recovery in words: what was or would be done, what is committed by it, and what is lost. */
export function describeRecovery(recovery: Recovery): string {
  const { isDryRun, clusterId, membership, committed } = recovery
  const lines = [
    isDryRun ? 'Nothing has been changed. A recovery of this folder would do this:' : 'This folder is a new cluster now:',
    `  cluster id    ${clusterId.before} becomes ${clusterId.after ?? 'a new one'}: members of the old cluster are turned away`,
    `  members       ${membersLine(membership)}`,
    `  committed     this folder knew entries to be committed up to ${committed}`,
    ...commitLines(recovery),
    `  lost          ${lostLine(recovery)}`,
    nextLine(recovery),
  ]
  return lines.join('\n')
}

function membersLine({ before, after }: Recovery['membership']): string {
  const [was, is] = [show(before), show(after)]
  return was === is ? `${is}, as before` : `${was} ${memberIds(before).length === 1 ? 'becomes' : 'become'} ${is}`
}

function show({ voters, outgoing, learners }: Membership): string {
  const leaving = outgoing.filter(id => !voters.includes(id)).map(id => `${id} (leaving)`)
  return [...voters, ...leaving, ...learners.map(id => `${id} (learner)`)].join(', ')
}

function commitLines({ isDryRun, commits }: Recovery): string[] {
  if (commits.length === 0) return ['  commits       nothing more']
  const [what, were] = commits.length === 1 ? ['1 entry', 'it was'] : [`${commits.length} entries`, 'they were']
  const hidden = commits.length - commitsShown
  const shown = commits.slice(-commitsShown).map(({ index, term, type, bytes }) => {
    return `${index}@${term} ${type}${type === 'command' ? `, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}` : ''}`
  })
  return [
    `  commits       ${what} more, of which nobody can tell whether ${were}; ${isDryRun ? 'then' : 'now'} ${commits.length === 1 ? 'it counts' : 'they count'}:`,
    ...(hidden > 0 ? [`${hidden} older ones, and`] : []).concat(shown).map(line => `                ${line}`),
  ]
}

function lostLine({ membership, last }: Recovery): string {
  const staying = memberIds(membership.after)
  const gone = memberIds(membership.before).filter(id => !staying.includes(id))
  const end = `entry ${last.index} of term ${last.term}`
  if (gone.length === 0) return `nothing: there was no other member. The log ends with ${end}`
  return `whatever was acknowledged after ${end} and is only with ${gone.join(', ')}`
}

function nextLine({ isDryRun, nodeId, membership }: Recovery): string {
  const others = memberIds(membership.after).filter(id => id !== nodeId)
  const start = `${isDryRun ? 'After that' : 'Next'}: start ${nameOf(nodeId)} with this folder`
  if (others.length === 0) return `${start}. It leads a cluster of one, to which others can be added.`
  const names = others.map(nameOf).join(', ')
  return `${start}, and ${names} with ${others.length === 1 ? 'an empty folder' : 'empty folders'}, joining it: learners become voters once they have caught up.`
}
