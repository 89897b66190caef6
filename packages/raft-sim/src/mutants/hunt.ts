import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { Hunter } from './patch-file.ts'
import { PatchError } from './patch-file.ts'
import type { SeedReport } from './seed-loop.ts'

export type Catch = { readonly seed: number; readonly invariant: string; readonly message: string }

export type HuntOptions = {
  /** A copy of the sources, with the bug in it. */
  readonly root: string
  readonly hunter: Hunter
  readonly seeds: number
  /** How many processes share the seeds. */
  readonly processes: number
  readonly onSeed: (seed: number) => void
  readonly signal: AbortSignal
}

/** The entry, in the copy, that runs seeds and tells of them. */
const entry = 'apps/kv-server/src/simulation/hunt.ts'
/** A bug may also make a run go round for ever. */
const hangMs = 180_000

/**
 * Runs seeds from 1 on, shared by several processes, until one fails: the lowest that does, whoever is first. Throws a PatchError when
 * the simulation does not even start.
 */
export async function hunt(options: HuntOptions): Promise<Catch | undefined> {
  const pack = new Pack()
  const stop = () => pack.stopBefore(0)
  options.signal.addEventListener('abort', stop)
  try {
    const indices = Array.from({ length: options.processes }, (_, index) => index)
    await Promise.all(indices.map(index => new Hound(options, index, pack).run()))
    options.signal.throwIfAborted()
    return pack.caught
  } finally {
    options.signal.removeEventListener('abort', stop)
    stop()
  }
}

/** Those who share one hunt: who finds something calls off those that have only later seeds to look at. */
class Pack {
  readonly hounds = new Set<Hound>()
  caught: Catch | undefined

  found(found: Catch): void {
    if (this.caught !== undefined && this.caught.seed <= found.seed) return
    this.caught = found
    this.stopBefore(found.seed)
  }
  stopBefore(seed: number): void {
    for (const hound of this.hounds) if (hound.next >= seed) hound.stop()
  }
}

/** One process, with every so-manieth seed. */
class Hound {
  /** The seed it looks at. */
  next: number
  readonly #options: HuntOptions
  readonly #pack: Pack
  #child: ChildProcess | undefined
  #isReady = false
  #isStopped = false

  constructor(options: HuntOptions, index: number, pack: Pack) {
    this.#options = options
    this.#pack = pack
    this.next = 1 + index
    pack.hounds.add(this)
  }

  run(): Promise<void> {
    const { root, hunter, seeds, processes } = this.#options
    if (this.next > seeds || this.#isStopped) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const args = ['--conditions=raft-source', '--import', 'tsx', entry, hunter, `${this.next}`, `${seeds}`, `${processes}`]
      const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
      this.#child = child
      let problems = ''
      child.stderr?.on('data', (data: Buffer) => {
        problems = (problems + data.toString()).slice(-4_000)
      })
      let watchdog = this.#watch()
      child.on('message', report => {
        clearTimeout(watchdog)
        watchdog = this.#watch()
        this.#hears(report as SeedReport, reject)
      })
      child.on('error', reject)
      child.on('close', status => {
        clearTimeout(watchdog)
        if (status !== 0 && !this.#isStopped) this.#died(status, problems.trim(), reject)
        resolve()
      })
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#child?.kill('SIGKILL')
  }

  #hears(report: SeedReport, reject: (error: PatchError) => void): void {
    if (report.type === 'ready') {
      this.#isReady = true
      return
    }
    const { seed, invariant, message = '' } = report
    if (this.#isStopped) return
    this.next = seed + this.#options.processes
    this.#options.onSeed(seed)
    if (invariant === undefined) {
      if (this.#pack.caught !== undefined) this.#pack.stopBefore(this.#pack.caught.seed)
    } else if (/^(?:Reference|Syntax)Error/.test(message)) reject(new PatchError(`the patched sources do not run:\n${message}`))
    else this.#pack.found({ seed, invariant, message })
  }

  #watch(): NodeJS.Timeout {
    return setTimeout(() => this.#pack.found({ seed: this.next, invariant: 'end', message: `no end within ${hangMs} ms` }), hangMs)
  }

  /** Once it runs, whatever ends it is of the bug's making: no memory is left, or production code ends the process. */
  #died(status: number | null, problems: string, reject: (error: PatchError) => void): void {
    if (this.#isReady) this.#pack.found({ seed: this.next, invariant: 'end', message: `the simulation died (${status}): ${problems}` })
    else reject(new PatchError(`the patched sources do not start:\n${problems}`))
  }
}
