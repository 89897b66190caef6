import type { ProposeResult } from '../../src/api.ts'
import type { MemberChange, MembershipChange } from '../../src/log/entry.ts'
import type { Node } from './node.ts'
import type { Command } from './parse.ts'

/** `change n1 learner n4 promote, remove n2 transition=explicit if=3`, `change n1 leave` or `change n1 lease-reads on`. */
export function changeMembers(node: Node, { args, options }: Command): ProposeResult {
  const words = args.slice(1).join(' ')
  const leaseReads = settings[words]
  const changes = words === 'leave' || leaseReads !== undefined ? [] : words.split(/,\s*/).map(parseChange)
  const transition = (options.get('transition') ?? 'auto') as MembershipChange['transition']
  const condition = options.get('if')
  const change = { transition, changes, leaseReads, context: undefined }
  return node.core.proposeMembership(change, condition === undefined ? undefined : Number(condition))
}

const settings: Readonly<Record<string, boolean>> = { 'lease-reads on': true, 'lease-reads off': false }

function parseChange(words: string): MemberChange {
  const [type = '', id = '', promote] = words.split(' ')
  if (!['voter', 'learner', 'remove', 'update'].includes(type)) throw new Error(`not a change: ${words}`)
  return { type: type as MemberChange['type'], id, ...(promote === 'promote' ? { promote: true } : {}) }
}
