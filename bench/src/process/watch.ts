import { busySeconds } from '../machine.ts'
import { type Usage, usageOf } from './usage.ts'

/** Who is watched: what it is called beside the figures, and its process. */
export type Watched = { readonly name: string; readonly pid: number }

/** What each process used while something was measured, and what others took of the machine meanwhile. */
export type Shares = {
  /** Cores in use, by name; several of one name are added up. Empty where the system does not tell. */
  readonly cores: Readonly<Record<string, number>>
  /** Resident memory at the end; the largest of those with one name. */
  readonly memoryMB: Readonly<Record<string, number>>
  readonly foreignCores: number
}

const sampleMs = 50

/** Counts from its making until `end`. Processes that are over by then count with what they were last seen to have used. */
export class Watch {
  readonly #first = new Map<Watched, Usage>()
  readonly #last = new Map<Watched, Usage>()
  readonly #own = process.cpuUsage()
  readonly #busy = busySeconds()
  readonly #started = performance.now()
  readonly #timer: NodeJS.Timeout

  constructor(processes: readonly Watched[]) {
    for (const each of processes) this.add(each)
    this.#timer = setInterval(() => this.#sample(), sampleMs)
  }

  /** One that was running before, unless `fresh`. */
  add(watched: Watched, { fresh = false } = {}): void {
    const usage = fresh ? { cpuSeconds: 0, memoryMB: 0 } : usageOf(watched.pid)
    if (usage !== undefined) this.#first.set(watched, usage)
  }

  end(): Shares {
    clearInterval(this.#timer)
    this.#sample()
    const seconds = (performance.now() - this.#started) / 1000
    const used: Record<string, number> = {}
    const memoryMB: Record<string, number> = {}
    for (const [watched, first] of this.#first) {
      const last = this.#last.get(watched) ?? first
      used[watched.name] = (used[watched.name] ?? 0) + last.cpuSeconds - first.cpuSeconds
      memoryMB[watched.name] = Math.max(memoryMB[watched.name] ?? 0, last.memoryMB)
    }
    const { user, system } = process.cpuUsage(this.#own)
    const known = Object.values(used).reduce((sum, each) => sum + each, (user + system) / 1e6)
    const cores = Object.fromEntries(Object.entries(used).map(([name, each]) => [name, each / seconds]))
    return { cores, memoryMB, foreignCores: Math.max(0, (busySeconds() - this.#busy - known) / seconds) }
  }

  #sample(): void {
    for (const watched of this.#first.keys()) {
      const usage = usageOf(watched.pid)
      if (usage !== undefined) this.#last.set(watched, usage)
    }
  }
}
