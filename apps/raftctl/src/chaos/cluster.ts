import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChaosNode } from './chaos-node.ts'
import { ask } from './http.ts'
import { Network } from './network.ts'
import { freePorts } from './ports.ts'

export type ClusterOptions = { readonly nodes: number; readonly dir: string; readonly logStore: 'level' | 'wal' | 'both' }

/** Real processes with a network between them that can be broken. */
export class Cluster {
  readonly nodes: readonly ChaosNode[]
  readonly network: Network

  private constructor(nodes: readonly ChaosNode[], network: Network) {
    this.nodes = nodes
    this.network = network
  }

  /** Resolves once all are voters. */
  static async start({ nodes: size, dir, logStore }: ClusterOptions, report: (step: string) => void): Promise<Cluster> {
    const ids = Array.from({ length: size }, (_, at) => `n${at + 1}`)
    const ports = await freePorts(2 * size)
    const [http, raft] = [ports.slice(0, size), ports.slice(size)]
    const network = await Network.make(new Map(ids.map((id, at) => [id, raft[at] as number])))
    const nodes = ids.map((id, at) => {
      const routes = network.others(id).map(other => [`127.0.0.1:${raft[ids.indexOf(other)]}`, network.link(id, other).address])
      return new ChaosNode({
        id,
        dir: join(dir, id),
        http: `127.0.0.1:${http[at]}`,
        raft: `127.0.0.1:${raft[at]}`,
        join: at === 0 ? [] : [`127.0.0.1:${http[0]}`],
        routes: Object.fromEntries(routes),
        logStore: logStore === 'both' ? (at % 2 === 0 ? 'wal' : 'level') : logStore,
        snapshotEntries: 2_000,
        trailingEntries: 500,
      })
    })
    const cluster = new Cluster(nodes, network)
    for (const node of nodes) {
      report(`starting ${node.id}`)
      await cluster.start(node)
    }
    report('waiting until all of them vote')
    await cluster.ready(30_000)
    return cluster
  }

  /** Rejects when it does not come up. */
  async start(node: ChaosNode): Promise<void> {
    await this.network.reachable(node.id, true)
    try {
      await node.start()
    } catch (error) {
      await this.network.reachable(node.id, false)
      throw error
    }
  }

  async kill(node: ChaosNode): Promise<void> {
    await node.kill()
    await this.network.reachable(node.id, false)
  }

  /** Resolves once every node serves, and all of them are voters; starts whoever is down. */
  async ready(msMax: number): Promise<void> {
    const deadline = performance.now() + msMax
    let missing = ''
    while (performance.now() < deadline) {
      for (const node of this.nodes) if (node.state === 'down') await this.start(node).catch(() => undefined)
      missing = (await Promise.all(this.nodes.map(node => this.#lacks(node)))).filter(Boolean).join('; ')
      if (missing === '') return
      await sleep(100)
    }
    throw new Error(`the cluster has not recovered within ${msMax / 1_000} s: ${missing}`)
  }

  async #lacks(node: ChaosNode): Promise<string> {
    try {
      const { status, text } = await ask(node.plan.http, { method: 'GET', path: '/readyz?verbose', timeoutMs: 1_000 })
      if (status !== 200) return `${node.id}: ${text.replaceAll(/\s*\n\s*/g, ', ').slice(0, 200)}`
      const { members } = JSON.parse((await ask(node.plan.http, { method: 'GET', path: '/v1/status', timeoutMs: 1_000 })).text)
      const voters = members.filter(({ voter }: { voter: boolean }) => voter).length
      return voters === this.nodes.length ? '' : `${node.id} knows of ${voters} voters`
    } catch (error) {
      return `${node.id}: ${(error as Error).message}${node.lastWords === '' ? '' : ` (${node.lastWords})`}`
    }
  }

  async close(): Promise<void> {
    for (const node of this.nodes) node.resume()
    await Promise.all(this.nodes.map(node => node.kill()))
    await this.network.close()
  }
}
