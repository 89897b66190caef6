import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'

/** What a figure depends on beside the program. */
export type Machine = {
  readonly cores: number
  readonly cpu: string
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Over the last minute, before the first measurement; 0 where the system does not tell. */
  readonly load: number
}

/** Above this load something else is running. */
const idle = 0.5

export function thisMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    load: loadavg()[0]!,
  }
}

export function describeMachine({ cores, cpu, memoryGiB, system, node, load }: Machine): string {
  return `${cores} cores, ${cpu}, ${memoryGiB} GiB, ${system}, Node ${node}, load average ${load.toFixed(2)} before the start`
}

export function busyWarning({ load }: Machine): string | undefined {
  if (load <= idle) return undefined
  return `This machine is busy (load average ${load.toFixed(2)}): trust the ratios more than the rates, and neither much.`
}

/** Seconds that all cores together have spent working since the system started. */
export function busySeconds(): number {
  let ms = 0
  for (const { times } of cpus()) ms += times.user + times.nice + times.sys + times.irq
  return ms / 1000
}
