import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import type { LogKind } from 'raft-node/level'
import { ask } from '../e2e/harness/http.ts'
import { eventually } from '../e2e/harness/wait.ts'
import type { DiskPlan } from './faulty-storage.ts'

export type { LogKind }

/** What a node's process is told, and what it tells. */
export type NodePlan = {
  readonly id: string
  readonly dir: string
  readonly http: string
  readonly raft: string
  readonly logStore?: LogKind
  readonly replace?: boolean
  readonly join?: readonly string[]
  readonly snapshotEntries?: number
  readonly trailingEntries?: number
  readonly minFreeBytes?: number
  readonly reserveBytes?: number
  readonly tickMs?: number
  readonly disk?: DiskPlan
}
export type NodeReport =
  | { readonly type: 'serving'; readonly http: string; readonly raft: string; readonly msOpening: number }
  | { readonly type: 'stopped'; readonly message: string }

export type Started = {
  /** From the start of the process until it serves. */
  readonly msTotal: number
  /** The part of it after the program was loaded: opening the folder, checking the log, listening. */
  readonly msOpening: number
}
export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** A node whose settings stay while its processes come and go. */
export class ProofNode {
  readonly settings: NodePlan
  readonly #program: string
  #child: ChildProcess | undefined
  #ended: Promise<Exit> | undefined
  #stderr = ''

  constructor(program: string, settings: NodePlan) {
    this.#program = program
    this.settings = settings
  }

  get http(): string {
    return this.settings.http
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves once the process has gone. */
  get ended(): Promise<Exit> {
    assert(this.#ended !== undefined, `${this.settings.id} was never started`)
    return this.#ended
  }

  get lastWords(): string {
    return this.#stderr.trim().split('\n').at(-1) ?? ''
  }

  /** `wrap`: a command in front of the program, such as strace with its options. */
  async start(extra: Partial<NodePlan> = {}, wrap: readonly string[] = []): Promise<Started> {
    const [command = process.execPath, ...args] = [...wrap, process.execPath, this.#program, JSON.stringify({ ...this.settings, ...extra })]
    const began = performance.now()
    // A process group of its own: what stands in front of the program must end with it.
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true })
    this.#child = child
    this.#stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.#ended = new Promise(resolve => child.once('exit', (code, signal) => resolve({ code, signal })))
    running.add(child)
    void this.#ended.then(() => running.delete(child))
    const report = await new Promise<NodeReport>((resolve, reject) => {
      child.once('message', message => resolve(message as NodeReport))
      child.once('error', reject)
      child.once('exit', code => reject(new Error(`${this.settings.id} has ended while starting, exit code ${code}: ${this.lastWords}`)))
    })
    assert(report.type === 'serving', `${this.settings.id} did not start: ${JSON.stringify(report)}`)
    return { msTotal: performance.now() - began, msOpening: report.msOpening }
  }

  /** Resolves once it knows a leader and serves clients. */
  async ready(msMax?: number): Promise<void> {
    const what = `${this.settings.id} is ready`
    const check = async () => assert.equal((await ask('GET', this.http, '/readyz', { timeoutMs: 1_000 })).status, 200)
    await eventually(what, check, msMax)
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running && this.#child !== undefined) signalGroup(this.#child, signal)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }
}

const running = new Set<ChildProcess>()

export function endAllNodes(): void {
  for (const child of running) signalGroup(child, 'SIGKILL')
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // nobody of the group is left
  }
}
