import { setTimeout as sleep } from 'node:timers/promises'
import { KvClient } from 'kv-client'
import { Failure } from '../command/failure.ts'
import { hasData } from './data.ts'
import { DevNode } from './dev-node.ts'
import type { NodePlan } from './plan.ts'

export type DevEvents = {
  readonly print: (line: string) => void
  /** A node has ended although nobody asked it to, once all had started. */
  readonly onEnd: (node: DevNode, how: string) => void
}

/** A stop takes at most this long, whatever hangs. */
const stopMsMax = 1_900

/** A cluster on this machine, each node a process of its own. Whoever disturbs it takes its nodes by their id. */
export class DevCluster {
  readonly plans: readonly NodePlan[]
  readonly #events: DevEvents
  readonly #flags: readonly string[]
  readonly #nodes = new Map<string, DevNode>()
  /** Those that were ended on purpose: nobody is told. */
  readonly #ended = new Set<DevNode>()
  #stopping = false
  #ready = false

  constructor(plans: readonly NodePlan[], events: DevEvents, flags: readonly string[] = []) {
    this.plans = plans
    this.#events = events
    this.#flags = flags
  }

  node(id: string): DevNode | undefined {
    return this.#nodes.get(id)
  }

  get running(): readonly DevNode[] {
    return [...this.#nodes.values()].filter(({ running }) => running)
  }

  /**
   * Resolves once all nodes are ready. Folders with data start at once, since none of them may have a majority alone; new ones join one
   * after the other.
   * @throws Failure that says which node could not start, and why.
   */
  async start(): Promise<void> {
    const [old, fresh] = [this.plans.filter(({ dir }) => hasData(dir)), this.plans.filter(({ dir }) => !hasData(dir))]
    const first = this.plans[0]
    const founder = first !== undefined && (old.includes(first) || old.length === 0) ? first : old[0]
    // A folder whose first join was cut short must not found a cluster; to one that has joined, --join does no harm.
    const seedOf = (plan: NodePlan) => (plan === founder ? undefined : founder?.http)
    for (const plan of old) this.startNode(plan, seedOf(plan))
    await this.#allReady()
    for (const plan of fresh) {
      this.startNode(plan, seedOf(plan))
      await this.#allReady()
    }
    this.#ready = true
  }

  /** Also one that has ended. */
  startNode(plan: NodePlan, seed?: string): void {
    if (this.#stopping) return
    const node = new DevNode(plan, { seed, flags: this.#flags, print: this.#events.print })
    this.#nodes.set(plan.id, node)
    void node.ended.then(how => {
      const isNews = this.#ready && this.#nodes.get(plan.id) === node && !this.#ended.has(node)
      if (!this.#stopping && isNews) this.#events.onEnd(node, how)
    })
  }

  /** Ends a node on purpose. Resolves once it has gone. */
  async end(id: string, signal: NodeJS.Signals): Promise<void> {
    const node = this.#nodes.get(id)
    if (node === undefined) return
    this.#ended.add(node)
    node.kill(signal)
    await node.ended
  }

  /** The first node that does not serve, whoever has started it; undefined: all do. */
  async unwell(): Promise<string | undefined> {
    for (const { id, http } of this.plans) if (!(await serves(http))) return id
    return undefined
  }

  /** Whether a node serves, at the latest after so many milliseconds. */
  async isWell(id: string, msMax: number, signal: AbortSignal): Promise<boolean> {
    const http = this.plans.find(plan => plan.id === id)?.http ?? ''
    for (const end = performance.now() + msMax; performance.now() < end && !signal.aborted; await sleep(100)) {
      if (await serves(http)) return true
    }
    return false
  }

  async leader(): Promise<string | undefined> {
    const client = new KvClient({ endpoints: this.plans.map(({ http }) => http), timeoutMs: 2_000 })
    return (await client.status().catch(() => undefined))?.leader?.id
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const { running } = this
    for (const node of running) {
      node.kill('SIGCONT') // one that is paused would not hear the other
      node.kill('SIGTERM')
    }
    await Promise.race([Promise.all(running.map(({ ended }) => ended)), sleep(stopMsMax)])
    for (const node of running) node.kill('SIGKILL')
  }

  async #allReady(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map(node => this.#isReady(node)))
  }

  async #isReady(node: DevNode): Promise<void> {
    const { id, http } = node.plan
    while (!this.#stopping) {
      if (!node.running) {
        const how = await node.ended
        const reason = how.startsWith('SIG') ? how : node.lastLine.replace(/^raftctl: /, '')
        throw new Failure(`${id} could not start: ${reason}`)
      }
      if (await serves(http)) return
      await sleep(100)
    }
  }
}

async function serves(http: string): Promise<boolean> {
  const client = new KvClient({ endpoints: [http], timeoutMs: 1_000 })
  return (await client.admin.ready().catch(() => undefined))?.healthy === true
}
