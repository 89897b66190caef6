import { spawn } from 'node:child_process'
import { KvClient } from 'kv-client'
import { pause } from '../command/pause.ts'
import type { DevCluster } from './dev-cluster.ts'
import type { DevNode } from './dev-node.ts'

/** What is done to a node. Resolves once it is over; the node may still be catching up. */
type Fault = {
  /** Said when it begins: `killed (kill -9), starts again in 2.4 s`. */
  readonly words: (seconds: string) => string
  readonly run: (node: DevNode, ms: number) => Promise<void>
}

type Options = {
  readonly cluster: DevCluster
  /** On average; between half of it and half as much again. */
  readonly everyMs: number
  readonly print: (line: string) => void
  readonly signal: AbortSignal
  /** From 0 up to 1. */
  readonly chance?: () => number
}

/** How long a fault lasts, in milliseconds: long enough for an election, short enough not to spoil the play. */
const lasts = { min: 1_500, max: 4_500 }
/** A node that serves after a fault but not within so long is something to be told about. */
const backMsMax = 30_000

/**
 * Small faults, one after the other, while somebody uses the cluster: a node at a time, and only while all of them are well, so that three
 * or more go on serving. `raftctl chaos` is the experiment that spares nobody.
 */
export class Disturber {
  readonly #options: Options
  readonly #chance: () => number
  readonly #client: KvClient
  readonly #faults: readonly Fault[]

  constructor(options: Options) {
    this.#options = options
    this.#chance = options.chance ?? Math.random
    this.#client = new KvClient({ endpoints: options.cluster.plans.map(({ http }) => http), timeoutMs: 2_000 })
    this.#faults = [
      { words: seconds => `is killed (kill -9) and starts again in ${seconds} s`, run: (node, ms) => this.#end(node, 'SIGKILL', ms) },
      { words: seconds => `is stopped (SIGTERM) and starts again in ${seconds} s`, run: (node, ms) => this.#end(node, 'SIGTERM', ms) },
      { words: seconds => `is paused (SIGSTOP) for ${seconds} s`, run: (node, ms) => this.#pause(node, ms) },
      { words: () => 'is to lead from now on', run: node => this.#transfer(node) },
    ]
  }

  /** Resolves once the signal has come. */
  async run(): Promise<void> {
    const { cluster, everyMs, signal } = this.#options
    let waiting = ''
    while (!signal.aborted) {
      await pause(signal, everyMs * (0.5 + this.#chance()))
      if (signal.aborted) return
      const unwell = await cluster.unwell()
      if (unwell === undefined) await this.#disturb()
      else if (unwell !== waiting) this.#say(`waits until ${unwell} is well again`)
      waiting = unwell ?? ''
    }
  }

  async #disturb(): Promise<void> {
    const { cluster, signal } = this.#options
    const [fault, node] = [this.#pick(this.#faults), this.#pick(cluster.running)]
    if (fault === undefined || node === undefined) return
    const ms = lasts.min + this.#chance() * (lasts.max - lasts.min)
    const { id } = node.plan
    this.#say(`${id} ${fault.words((ms / 1_000).toFixed(1))}`)
    const began = performance.now()
    await fault.run(node, ms)
    const isWell = await cluster.isWell(id, backMsMax, signal)
    if (signal.aborted) return
    const seconds = ((performance.now() - began) / 1_000).toFixed(1)
    this.#say(isWell ? `${id} serves again, ${seconds} s later` : `${id} does not serve yet, ${seconds} s later`)
  }

  async #end({ plan }: DevNode, how: 'SIGKILL' | 'SIGTERM', ms: number): Promise<void> {
    const { cluster, signal } = this.#options
    await cluster.end(plan.id, how)
    await pause(signal, ms)
    cluster.startNode(plan)
  }

  /** A process of its own resumes the node: if this one is killed meanwhile, the node must wake up to notice and stop. */
  #pause({ pid }: DevNode, ms: number): Promise<void> {
    return new Promise(resolve => {
      if (pid === undefined) return resolve()
      const shell = spawn('sh', ['-c', `kill -STOP ${pid}; sleep ${(ms / 1_000).toFixed(1)}; kill -CONT ${pid}`], { stdio: 'ignore' })
      const { signal } = this.#options
      const hurry = () => shell.kill()
      signal.addEventListener('abort', hurry, { once: true })
      for (const event of ['error', 'close']) shell.once(event, () => resolve(signal.removeEventListener('abort', hurry)))
    })
  }

  /** It may lead already, or be refused: that is no news. */
  async #transfer({ plan }: DevNode): Promise<void> {
    await this.#client.admin.transferLeadership({ target: plan.id }).catch(() => undefined)
  }

  #pick<Value>(values: readonly Value[]): Value | undefined {
    return values[Math.floor(this.#chance() * values.length)]
  }

  #say(what: string): void {
    this.#options.print(`chaos | ${what}`)
  }
}
