import { table } from '../output/table.ts'
import type { ChaosNode } from './chaos-node.ts'
import type { Counts } from './history.ts'
import type { ActiveFault, NemesisSummary } from './nemesis.ts'
import type { Rate } from './rate.ts'
import type { Roles } from './roles.ts'

export type Scene = {
  readonly seed: number
  readonly elapsedMs: number
  readonly durationMs: number
  readonly clients: number
  readonly nodes: readonly ChaosNode[]
  readonly roles: Roles
  readonly active: readonly ActiveFault[]
  readonly summary: NemesisSummary
  readonly counts: Counts
  readonly rate: Rate
}

/** What is going on, as lines for a terminal. */
export function picture(scene: Scene): readonly string[] {
  const { seed, elapsedMs, durationMs, clients, nodes, rate, counts } = scene
  return [
    `chaos, seed ${seed}   ${clock(elapsedMs)} of ${clock(durationMs)}   ${nodes.length} nodes, ${clients} clients`,
    '',
    ...nodeTable(scene),
    '',
    `operations a second ${rate.bars(40).padStart(40)}  ${rate.now} now, ${rate.mean.toFixed(0)} on average`,
    `${shown(counts.done)} done, ${shown(counts.unknown)} of unknown outcome, ${shown(counts.refused)} refused`,
    '',
    `faults in force: ${scene.active.length}`,
    ...activeFaults(scene),
    '',
    injected(scene.summary),
  ]
}

function nodeTable({ nodes, roles }: Scene): readonly string[] {
  const rows = nodes.map(node => {
    const seen = roles.get(node)
    return [
      node.id,
      node.state,
      seen?.role ?? '-',
      seen === undefined ? '-' : String(seen.term),
      seen === undefined ? '-' : shown(seen.applied),
    ]
  })
  return table(['NODE', 'PROCESS', 'ROLE', 'TERM', 'APPLIED'], rows).split('\n')
}

/** As many lines whatever there is to tell, so that what stands below keeps its place. */
const faultLines = 8

function activeFaults({ active, elapsedMs }: Scene): readonly string[] {
  const lines = active.map(({ what, endMs }) => `  ${what.padEnd(58)} ${(Math.max(0, endMs - elapsedMs) / 1_000).toFixed(1)} s more`)
  return [...lines, ...Array.from({ length: faultLines }, () => '')].slice(0, faultLines)
}

/** `injected: kill 3, pause 2; at most 6 at once` */
export function injected({ injected, overlapping }: NemesisSummary): string {
  const counts = Object.entries(injected).map(([name, count]) => `${name} ${count}`)
  return `injected: ${counts.join(', ') || 'nothing yet'}; at most ${overlapping} at once`
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function shown(count: number): string {
  return count.toLocaleString('en-US')
}
