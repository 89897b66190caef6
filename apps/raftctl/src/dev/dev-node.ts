// One node of a cluster on this machine: a child process that runs raftctl, with its id before every line it prints.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type NodePlan, shown } from './plan.ts'

type Options = {
  /** The HTTP address of a member to join, for a folder that has no cluster yet. */
  readonly seed?: string | undefined
  /** More flags for `node start`. */
  readonly flags?: readonly string[]
  readonly print: (line: string) => void
}

export class DevNode {
  readonly plan: NodePlan
  /** Resolves with how it ended: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  #running = true
  #lastLine = ''

  constructor(plan: NodePlan, { seed, flags = [], print }: Options) {
    this.plan = plan
    // As this program was started itself: from its build or from its sources.
    const program = [...process.execArgv, process.argv[1] ?? '']
    // The ipc channel carries nothing: when this process dies, however, it closes, and the node stops by itself.
    this.#child = spawn(process.execPath, [...program, ...nodeArguments(plan, seed, flags)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    const { stdout, stderr } = this.#child
    for (const stream of [stdout, stderr]) if (stream !== null) this.#prefix(stream, print)
    this.ended = new Promise(resolve => {
      this.#child.once('close', (code, signal) => {
        this.#running = false
        resolve(signal ?? `exit code ${code}`)
      })
    })
  }

  get running(): boolean {
    return this.#running
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** What it said last, which is the reason when it could not start. */
  get lastLine(): string {
    return this.#lastLine
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal)
  }

  #prefix(stream: Readable, print: Options['print']): void {
    createInterface({ input: stream }).on('line', line => {
      this.#lastLine = line
      print(`${this.plan.id} | ${line}`)
    })
  }
}

/** How a person starts the same node again, in another terminal. */
export function commandFor(plan: NodePlan, program: string): string {
  const words = nodeArguments({ ...plan, dir: shown(plan.dir) }, undefined, []).filter(word => word !== '--quiet')
  return [program, ...words].join(' ')
}

function nodeArguments({ id, http, raft, dir }: NodePlan, seed: string | undefined, flags: readonly string[]): string[] {
  const join = seed === undefined ? [] : ['--join', seed]
  return ['node', 'start', '--quiet', '--id', id, '--http', http, '--raft', raft, ...join, ...flags, dir]
}
