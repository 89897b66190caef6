// Every process a scenario starts is known here by its pid, and ended here: after each scenario, on a failure, on a signal.
import { type ChildProcess, spawn } from 'node:child_process'

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** `input`: what stands on its standard input; without it there is none. */
type Options = { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string }

const running = new Set<Process>()

export class Process {
  /** Resolves once it has gone and all it printed is here. */
  readonly ended: Promise<Ended>
  readonly #gone: Promise<void>
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  #running = true

  /** Leads a process group of its own, so that what it starts in turn can be ended with it. */
  constructor(command: string, args: readonly string[], { input, ...options }: Options = {}) {
    this.#child = spawn(command, args, { ...options, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'], detached: true })
    this.#child.stdin?.end(input)
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    running.add(this)
    this.#gone = new Promise(resolve => {
      this.#child.once('exit', () => {
        this.#running = false
        resolve()
      })
    })
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => resolve({ code, signal }))
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get running(): boolean {
    return this.#running
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal)
  }

  /** The signal as a terminal sends it on Ctrl-C: to the whole group. */
  signalGroup(signal: NodeJS.Signals): void {
    try {
      if (this.pid > 0) process.kill(-this.pid, signal)
    } catch {
      // nobody of the group is left
    }
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#gone // and not until what it started has ended too, which may hold on to its output
  }
}

export async function endAll(): Promise<void> {
  const all = [...running]
  running.clear()
  for (const one of all) one.signalGroup('SIGKILL')
  await Promise.all(all.map(({ ended }) => ended.catch(() => undefined)))
}

process.on('exit', () => {
  for (const one of running) one.signalGroup('SIGKILL')
})
