import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type DiskMood, type FromNode, healthyDisk, type NodePlan, type ToNode } from './plan.ts'

export type NodeState = 'up' | 'starting' | 'paused' | 'down'

/** A node under test: its plan stays while its processes come and go. */
export class ChaosNode {
  readonly plan: NodePlan
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #state: NodeState = 'down'
  #lastWords = ''

  constructor(plan: NodePlan) {
    this.plan = plan
  }

  get id(): string {
    return this.plan.id
  }

  get state(): NodeState {
    return this.#state
  }

  /** What its process said last before it ended by itself. */
  get lastWords(): string {
    return this.#lastWords
  }

  /** Resolves once it serves. Rejects with its reason when it ends instead. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [...process.execArgv, nodeProcess, JSON.stringify(this.plan)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true, // the terminal's Ctrl-C is for the one who leads the experiment
    })
    this.#child = child
    alive.add(child)
    this.#state = 'starting'
    this.#lastWords = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#lastWords = lastLine(text) ?? this.#lastWords))
    this.#ended = new Promise(resolve =>
      child.once('exit', () => {
        this.#state = 'down'
        alive.delete(child)
        resolve()
      }),
    )
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`${this.id} does not serve ${startMsMax / 1_000} s after it was started: ${this.#lastWords}`))
      }, startMsMax)
      void this.#ended.then(() => clearTimeout(timer))
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`${this.id} has ended while it started: ${this.#lastWords}`)))
      child.on('message', (report: FromNode) => {
        clearTimeout(timer)
        if (report.type === 'serving') return resolve()
        this.#lastWords = report.message
        reject(new Error(`${this.id}: ${report.message}`))
      })
    })
    this.#state = 'up'
  }

  disk(mood: Partial<DiskMood>): void {
    this.#tell({ type: 'disk', mood: { ...healthyDisk, ...mood } })
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    await this.#ended
  }

  /** As SIGTERM does to a node: it hands leadership over and answers what is open. */
  async stop(): Promise<void> {
    this.#tell({ type: 'stop' })
    await this.#ended
  }

  pause(): void {
    this.#signal('SIGSTOP')
    if (this.#state === 'up') this.#state = 'paused'
  }

  resume(): void {
    this.#signal('SIGCONT')
    if (this.#state === 'paused') this.#state = 'up'
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#state !== 'down') this.#child?.kill(signal)
  }

  #tell(message: ToNode): void {
    if (this.#state !== 'down' && this.#child?.connected) this.#child.send(message)
  }
}

/** Long for a busy machine: a node that rejoins after a storm may have to wait for a leader first. */
const startMsMax = 60_000

const alive = new Set<ChildProcess>()

/** For a hurried end: one that is paused would not notice that nobody wants it any more. */
export function killAll(): void {
  for (const child of alive) child.kill('SIGKILL')
}

/** Beside this file: a source when this is one, else what the build has made of it. */
const nodeProcess = fileURLToPath(new URL(`./node-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1)
}
