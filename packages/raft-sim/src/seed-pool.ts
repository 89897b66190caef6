import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { RunResult } from './core-simulation.ts'
import type { Order, Report } from './seed-worker.ts'
import { received } from './seed-worker.ts'
import type { Simpler } from './simpler.ts'

/** What is simulated: cores alone, or whole nodes. */
export type Kind = 'core' | 'node'

/** The process that ran a seed is gone: nothing came of it. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError'
  /** Whether it had begun to simulate: before that, its sources do not even load. */
  readonly hadStarted: boolean

  constructor(message: string, hadStarted: boolean) {
    super(message)
    this.hadStarted = hadStarted
  }
}

/** The entry, from the root of the sources, that runs seeds in a process of its own. */
const entry = 'apps/kv-server/src/simulation/worker.ts'
/** So long may one seed take before it counts as one that never ends. */
const hangMs = 180_000

/** Processes that run seeds beside each other. As many calls may be under way as there are processes. */
export class SeedPool {
  readonly #idle: Worker[]
  readonly #all: readonly Worker[]

  /** `root`: of the repository, or of a copy of its sources. */
  constructor({ root, kind, processes }: { readonly root: string; readonly kind: Kind; readonly processes: number }) {
    this.#all = Array.from({ length: processes }, () => new Worker(root, kind))
    this.#idle = [...this.#all]
  }

  /** Throws a WorkerError when its process ends, or does not end this seed. */
  async run(seed: number, print?: (line: string) => void, simpler?: Simpler): Promise<RunResult> {
    const worker = this.#idle.pop()
    if (worker === undefined) throw new RangeError('more seeds at once than there are processes')
    try {
      const { result, lines } = await worker.run({ seed, isTold: print !== undefined, ...(simpler && { simpler }) })
      if (print !== undefined) for (const line of lines) print(line)
      return received(result)
    } finally {
      this.#idle.push(worker)
    }
  }

  close(): void {
    for (const worker of this.#all) worker.close()
  }
}

type Ran = Extract<Report, { type: 'ran' }>

class Worker {
  readonly #root: string
  readonly #kind: Kind
  #child: ChildProcess | undefined
  #hadStarted = false
  #problems = ''
  #waiting: { resolve(ran: Ran): void; reject(error: WorkerError): void } | undefined

  constructor(root: string, kind: Kind) {
    this.#root = root
    this.#kind = kind
  }

  run(order: Order): Promise<Ran> {
    this.#child ??= this.#start()
    const child = this.#child
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(`seed ${order.seed} has not ended after ${hangMs / 1000} s`), hangMs)
      const ended = () => {
        clearTimeout(timer)
        this.#waiting = undefined
      }
      this.#waiting = {
        resolve: ran => {
          ended()
          resolve(ran)
        },
        reject: error => {
          ended()
          reject(error)
        },
      }
      child.send(order)
    })
  }

  close(): void {
    this.#fail('stopped')
  }

  #start(): ChildProcess {
    const args = ['--conditions=raft-source', '--import', 'tsx', entry, this.#kind]
    const child = spawn(process.execPath, args, { cwd: this.#root, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    child.stderr?.on('data', (data: Buffer) => {
      this.#problems = (this.#problems + data.toString()).slice(-4_000)
    })
    child.on('message', report => this.#hears(report as Report))
    const ended = (message: string) => {
      if (this.#child === child) this.#fail(message)
    }
    child.on('error', error => ended(error.message))
    child.on('close', (status, signal) => ended(`its process ended (${signal ?? status}): ${this.#problems.trim()}`))
    return child
  }

  #hears(report: Report): void {
    if (report.type === 'ready') this.#hadStarted = true
    else this.#waiting?.resolve(report)
  }

  /** The next seed starts another process. */
  #fail(message: string): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
    this.#waiting?.reject(new WorkerError(message, this.#hadStarted))
  }
}
