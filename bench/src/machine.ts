import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a figure depends on beside the program. */
export type Machine = {
  readonly cores: number
  readonly cpu: string
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /**
   * Over a second before the first measurement. Not the load average, which a benchmark before this one would still be part of: that was in
   * results from before.
   */
  readonly busyCores?: number | undefined
}

/** More, and something else is running. */
const idleCores = 0.2

/** Takes a second. */
export async function thisMachine(): Promise<Machine> {
  const before = busySeconds()
  await sleep(1_000)
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    busyCores: busySeconds() - before,
  }
}

export function describeMachine({ cores, cpu, memoryGiB, system, node, busyCores }: Machine): string {
  return `${cores} cores, ${cpu}, ${memoryGiB} GiB, ${system}, Node ${node}, ${busyCores?.toFixed(2) ?? 'unknown'} cores busy before the start`
}

export function busyWarning({ busyCores }: Machine): string | undefined {
  if (busyCores === undefined || busyCores <= idleCores) return undefined
  return `This machine is busy (others use ${busyCores.toFixed(2)} cores): trust the ratios more than the rates, and neither much.`
}

/** Seconds that all cores together have spent working since the system started. */
export function busySeconds(): number {
  let ms = 0
  for (const { times } of cpus()) ms += times.user + times.nice + times.sys + times.irq
  return ms / 1000
}
