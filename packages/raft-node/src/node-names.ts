import type { NodeId } from 'raft-core'

/**
 * An id names one life of one member: the operator's name, and from the second life on a generation (`n3`, then `n3~2`).
 * So whatever an earlier life promised can never be taken for a promise of this one.
 */
const separator = '~'

export function nameOf(id: NodeId): string {
  const at = id.lastIndexOf(separator)
  return at < 0 ? id : id.slice(0, at)
}

export function generationOf(id: NodeId): number {
  const at = id.lastIndexOf(separator)
  return at < 0 ? 1 : Number(id.slice(at + 1))
}

export function idOf(name: string, generation: number): NodeId {
  return generation === 1 ? name : `${name}${separator}${generation}`
}
