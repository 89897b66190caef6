import type { NodeId } from '../src/log/entry.ts'

const width = 5

/** Transcripts number the nodes. Padded, so that the core's order of ids is that of the numbers. */
export function nodeId(number: string | number): NodeId {
  return String(number).padStart(width, '0')
}

/** The number of a node; 0 stands for none. */
export function showId(id: NodeId | undefined): string {
  return id === undefined ? '0' : String(Number(id))
}

export function showIds(ids: readonly NodeId[]): string {
  return ids.map(showId).join(' ')
}
