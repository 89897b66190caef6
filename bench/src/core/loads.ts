// The global of this name is a getter, which would cost more than what it gets.
import { Buffer } from 'node:buffer'
import type { Cluster } from './cluster.ts'

export type Load = {
  readonly name: 'one' | 'singles' | 'batch'
  readonly title: string
  /** Entries proposed between two drains. */
  readonly entries: number
  /** As one proposal. */
  readonly together: boolean
}

export const loads: readonly Load[] = [
  { name: 'one', title: 'one proposal at a time, to commit', entries: 1, together: false },
  { name: 'singles', title: '64 single proposals, then drain', entries: 64, together: false },
  { name: 'batch', title: 'one proposal of 64 entries, then drain', entries: 64, together: true },
]

const template = new Uint8Array(256).fill(7)

/** A fresh entry, as a server has one: a piece of the buffer pool that its bytes were copied to. */
export function freshEntry(): Uint8Array {
  const entry = Buffer.allocUnsafe(template.length)
  entry.set(template)
  return entry
}

/** One round: propose, and drain. */
function playRound(cluster: Cluster, { entries, together }: Load): void {
  if (together) cluster.proposeAll(freshEntries(entries))
  else for (let i = 0; i < entries; i++) cluster.propose(freshEntry())
  cluster.drain()
}

function freshEntries(count: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let i = 0; i < count; i++) entries.push(freshEntry())
  return entries
}

/** Rounds as long as `goOn`, compacting every 10,000 entries or so. */
export function play(cluster: Cluster, load: Load, goOn: () => boolean): void {
  const rounds = 1 + Math.floor(10_000 / load.entries)
  while (goOn()) {
    playRound(cluster, load)
    if (++cluster.rounds % rounds === 0) cluster.compact()
  }
}
