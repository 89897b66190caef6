// Measures one thing in a process of its own, so that nothing that ran before has warmed or spoiled it, and prints it as JSON:
//   sample.ts load NAME WARM-UP-SECONDS SECONDS | heap MILLIONS | operations SECONDS
import { Cluster } from './cluster.ts'
import { type HeapFigure, heapGrowth } from './heap.ts'
import { type Load, loads, play } from './loads.ts'
import { measureOperations, type Operation } from './operations.ts'

export type LoadSample = {
  readonly committed: number
  readonly seconds: number
  /** Entries committed a second. */
  readonly rate: number
  readonly messages: number
  /** CPU time of the whole process, garbage collection included: while it measured, and since it started. */
  readonly cpuSeconds: number
  readonly cpuSecondsInAll: number
}

const [what, ...rest] = process.argv.slice(2)
if (what === 'load') print(measureLoad(loads.find(({ name }) => name === rest[0])!, Number(rest[1]), Number(rest[2])))
else if (what === 'heap') print(heapGrowth(Number(rest[0])) satisfies readonly HeapFigure[])
else if (what === 'operations') print((await measureOperations(Number(rest[0]))) satisfies readonly Operation[])

function measureLoad(load: Load, warmUp: number, duration: number): LoadSample {
  const cluster = new Cluster()
  warm(cluster, load, warmUp)
  const { committed, messages } = cluster
  const cpu = process.cpuUsage()
  const started = performance.now()
  playFor(cluster, load, duration)
  const seconds = (performance.now() - started) / 1000
  const done = cluster.committed - committed
  for (const { commands } of cluster.nodes) if (commands !== cluster.committed) throw new Error('a follower did not apply everything')
  return {
    committed: done,
    seconds,
    rate: done / seconds,
    messages: cluster.messages - messages,
    cpuSeconds: secondsIn(process.cpuUsage(cpu)),
    cpuSecondsInAll: secondsIn(process.cpuUsage()),
  }
}

/** By the time the processor gave us: on a busy machine the compiler would not get far in a second. */
function warm(cluster: Cluster, load: Load, seconds: number): void {
  const before = process.cpuUsage()
  while (secondsIn(process.cpuUsage(before)) < seconds) playFor(cluster, load, 0.05)
}

function playFor(cluster: Cluster, load: Load, seconds: number): void {
  const end = performance.now() + seconds * 1000
  play(cluster, load, () => performance.now() < end)
}

function secondsIn({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6
}

function print(value: unknown): void {
  console.log(JSON.stringify(value))
}
