import { isVoter } from '../../src/membership/membership.ts'
import { showId } from '../ids.ts'
import type { Output } from '../output.ts'
import { roleNames, showEntry, showProgress } from '../printing.ts'
import type { Node } from '../world.ts'
import type { Directives } from './directive.ts'

/** What there is to see of a node, and the one thing done to its log from outside. */
export const viewDirectives: Directives = {
  status: (world, { args }, out) => {
    const { role, progress } = world.node(args[0]).raft.status()
    if (role === 'leader') out.line(...progress.map(showProgress))
  },
  'raft-state': (world, _block, out) => {
    for (const node of world.nodes.values()) out.line(showState(node))
  },
  'raft-log': (world, { args }, out) => showLog(world.node(args[0]), out),
  compact: (world, { args }, out) => {
    const node = world.node(args[0])
    const index = Number(args[1])
    node.disk.compact(index)
    node.raft.compact(index)
    showLog(node, out)
  },
  'log-level': (world, { args }, out) => {
    world.silent = args[0] === 'none'
    out.silent = world.silent
  },
}

function showState({ id, raft }: Node): string {
  const { role, term, leader, membership } = raft.status()
  return `${showId(id)}: ${roleNames[role]} (${isVoter(membership, id) ? 'Voter' : 'Non-Voter'}) Term:${term} Lead:${showId(leader)}`
}

function showLog({ disk }: Node, out: Output): void {
  if (disk.entries.length > 0) out.line(...disk.entries.map(showEntry))
  else out.line(`log is empty: first index=${disk.base.index + 1}, last index=${disk.last}`)
}
