// One node of `npm start`: a child process that runs raftctl from its sources, with its id before every line it prints.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type NodePlan, root, shown } from './start-options.ts'

export class StartedNode {
  readonly plan: NodePlan
  /** Resolves with how it ended: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  #running = true
  #lastLine = ''

  /** `seed` is the HTTP address of a member to join, for a folder that has no cluster yet. */
  constructor(plan: NodePlan, seed: string | undefined) {
    this.plan = plan
    // The ipc channel carries nothing: when this process dies, however, it closes, and the node stops by itself.
    this.#child = spawn(process.execPath, [...process.execArgv, join(root, 'apps/raftctl/bin/dev.js'), ...nodeArguments(plan, seed)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const { stdout, stderr } = this.#child
    for (const stream of [stdout, stderr]) if (stream !== null) this.#prefix(stream, plan.id)
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

  /** What it said last, which is the reason when it could not start. */
  get lastLine(): string {
    return this.#lastLine
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#running) this.#child.kill(signal)
  }

  #prefix(stream: Readable, name: string): void {
    createInterface({ input: stream }).on('line', line => {
      this.#lastLine = line
      console.log(`${name} | ${line}`)
    })
  }
}

/** How a person starts the same node again, in another terminal. */
export function commandFor(plan: NodePlan): string {
  return ['npx raftctl', ...nodeArguments({ ...plan, dir: shown(plan.dir) }, undefined)].filter(word => word !== '--quiet').join(' ')
}

function nodeArguments({ id, http, raft, dir }: NodePlan, seed: string | undefined): string[] {
  return ['node', 'start', '--quiet', '--id', id, '--http', http, '--raft', raft, ...(seed === undefined ? [] : ['--join', seed]), dir]
}
