import { type ChildProcess, spawn } from 'node:child_process'
import { type Command, complaint } from '../child.ts'

const running = new Set<Managed>()

/** A program that runs beside the benchmark until it is told to end; known by its pid, and ended with the benchmark, however that ends. */
export class Managed {
  /** What it is called beside the figures: `leader`, `load`. */
  readonly name: string
  /** Resolves once it has gone. */
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  #output = ''
  #alive = true

  constructor(name: string, { file, args, cwd, env }: Command) {
    this.name = name
    this.#child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8').on('data', text => this.#keep(text))
    running.add(this)
    this.ended = new Promise(resolve => {
      const end = () => {
        this.#alive = false
        running.delete(this)
        resolve()
      }
      this.#child.once('exit', end)
      this.#child.once('error', error => {
        this.#keep(`${error.message}\n`)
        end()
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get running(): boolean {
    return this.#alive
  }

  /** The end of what it printed, on either stream. */
  get output(): string {
    return this.#output
  }

  /** The line that says why it ended. */
  get lastWords(): string {
    return complaint(this.#output) ?? ''
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#alive) this.#child.kill(signal)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-16_384)
  }
}

/** Before this process goes, so do those it started. */
export function endWithThisProcess(): void {
  const killAll = () => {
    for (const one of running) one.signal('SIGKILL')
  }
  process.on('exit', killAll)
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) process.on(signal, () => process.exit(code))
}
