import type { ProposeResult } from '../../src/api.ts'
import type { MemberChange, MembershipChange } from '../../src/log/entry.ts'
import type { Node } from './node.ts'
import type { Command } from './parse.ts'

/** `change n1 learner n4 promote, remove n2 transition=explicit if=3`, or `change n1 leave`. */
export function changeMembers(node: Node, { args, options }: Command): ProposeResult {
  const words = args.slice(1).join(' ')
  const changes = words === 'leave' ? [] : words.split(/,\s*/).map(parseChange)
  const transition = (options.get('transition') ?? 'auto') as MembershipChange['transition']
  const condition = options.get('if')
  return node.core.proposeMembership({ transition, changes, context: undefined }, condition === undefined ? undefined : Number(condition))
}

function parseChange(words: string): MemberChange {
  const [type = '', id = '', promote] = words.split(' ')
  if (!['voter', 'learner', 'remove', 'update'].includes(type)) throw new Error(`not a change: ${words}`)
  return { type: type as MemberChange['type'], id, ...(promote === 'promote' ? { promote: true } : {}) }
}
