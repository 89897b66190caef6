import type { NodeId } from 'raft-core'

/** New names for the nodes, by the old ones; and for each node the session with which a founder's replication starts. */
export type Renaming = { readonly names: ReadonlyMap<NodeId, string>; readonly firstSessions: ReadonlyMap<NodeId, number> }

/** Lists in which only membership counts; and keyed lists are Maps. */
const sets = new Set(['voters', 'outgoing', 'learners', 'learnersNext', 'promoting'])

/**
 * Plain data as text, with every node renamed: equal texts mean equal data. Replication sessions are numbers that are only ever compared for
 * the same member, and the first ones follow the order of the names: those are written alike for all, or no two nodes would be alike.
 */
export function canonical(value: unknown, renaming: Renaming, owner?: NodeId): string {
  switch (typeof value) {
    case 'string':
      return renaming.names.get(value) ?? `"${value}"`
    case 'object':
      return value === null ? '~' : canonicalObject(value, renaming, owner)
    case 'boolean':
      return value ? 'T' : 'F'
    case 'undefined':
      return '_'
    default:
      return String(value)
  }
}

function canonicalObject(value: object, renaming: Renaming, owner: NodeId | undefined): string {
  if (Array.isArray(value)) return `[${value.map(item => canonical(item, renaming)).join(' ')}]`
  if (value instanceof Uint8Array) return `<${value.join(' ')}>`
  if (value instanceof Map) {
    const items = [...value].map(([key, item]) => `${canonical(key, renaming)}:${canonical(item, renaming, key)}`)
    return `{${items.sort().join(' ')}}`
  }
  let text = '('
  for (const [key, item] of Object.entries(value)) {
    if (key === 'session') text += session(item, renaming, owner ?? memberOf(value as Enveloped))
    else if (sets.has(key))
      text += `[${(item as NodeId[])
        .map(id => canonical(id, renaming))
        .sort()
        .join(' ')}]`
    else text += canonical(item, renaming)
    text += ' '
  }
  return `${text})`
}

function session(value: unknown, { firstSessions }: Renaming, owner: NodeId): string {
  return value === firstSessions.get(owner) ? 's' : String(value)
}

type Enveloped = { readonly type: string; readonly from: NodeId; readonly to: NodeId }

/** Whose session a message names. */
function memberOf({ type, from, to }: Enveloped): NodeId {
  return type === 'appendReply' ? from : to
}
