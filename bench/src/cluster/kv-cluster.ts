import { join } from 'node:path'
import { Managed } from '../process/managed.ts'
import { freePorts } from '../process/ports.ts'
import { until } from '../process/until.ts'
import type { Watched } from '../process/watch.ts'
import { build, ownRoot, raftctlOf } from './built.ts'
import { makeDataFolder, removeDataFolder } from './data-folder.ts'

export type KvClusterOptions = {
  readonly size: number
  /** The checkout whose server is measured. Default: this one. */
  readonly root?: string
  /** More words after `raftctl node start`. */
  readonly flags?: readonly string[]
  /** For Node itself, on every node. */
  readonly nodeFlags?: readonly string[]
}

export type Status = {
  readonly role: string
  readonly term: number
  readonly leader: { readonly id: string } | null
  readonly commit: number
  readonly applied: number
  readonly members: readonly { readonly voter: boolean }[]
}

/** One server: its settings stay over restarts, its process is the newest one. */
export class KvNode {
  readonly id: string
  readonly http: string
  readonly raft: string
  readonly dir: string
  readonly #command: readonly string[]
  #process: Managed | undefined

  constructor(
    id: string,
    folder: string,
    ports: readonly [number, number],
    { root = ownRoot, flags = [], nodeFlags = [] }: KvClusterOptions,
  ) {
    this.id = id
    this.http = `127.0.0.1:${ports[0]}`
    this.raft = `127.0.0.1:${ports[1]}`
    this.dir = join(folder, id)
    const own = ['--id', id, '--http', this.http, '--raft', this.raft, '--quiet', '--log-level', 'error']
    this.#command = [...nodeFlags, raftctlOf(root), 'node', 'start', ...own, ...flags, this.dir]
  }

  get url(): string {
    return `http://${this.http}`
  }

  get process(): Managed {
    if (this.#process === undefined) throw new Error(`${this.id} was not started`)
    return this.#process
  }

  get pid(): number {
    return this.process.pid
  }

  get running(): boolean {
    return this.#process?.running ?? false
  }

  spawn(join?: string): void {
    const args = join === undefined ? this.#command : [...this.#command, '--join', join]
    this.#process = new Managed(this.id, { file: process.execPath, args })
  }

  /** Resolves once it serves. */
  async ready(secondsAtMost = 60): Promise<void> {
    await until(`${this.id} is ready`, async () => ((await this.#get('/readyz')) === undefined ? undefined : true), secondsAtMost)
  }

  async status(): Promise<Status | undefined> {
    const text = await this.#get('/v1/status')
    return text === undefined ? undefined : (JSON.parse(text) as Status)
  }

  kill(): Promise<void> {
    return this.process.kill()
  }

  async #get(path: string): Promise<string | undefined> {
    if (!this.running) throw new Error(`${this.id} has ended: ${this.process.lastWords}`)
    try {
      const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(2_000) })
      const text = await response.text()
      return response.ok ? text : undefined
    } catch {
      return undefined
    }
  }
}

/** Real processes on this machine's disk and loopback; everything is gone once it is closed. */
export class KvCluster implements AsyncDisposable {
  readonly nodes: readonly KvNode[]
  readonly folder: string

  /** Resolves once all are voters. */
  static async start(options: KvClusterOptions): Promise<KvCluster> {
    await build(options.root)
    const ports = await freePorts(2 * options.size)
    const cluster = new KvCluster(options, ports)
    try {
      await cluster.#start()
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  private constructor(options: KvClusterOptions, ports: readonly number[]) {
    this.folder = makeDataFolder()
    const portsOf = (at: number) => [ports[2 * at]!, ports[2 * at + 1]!] as const
    this.nodes = Array.from({ length: options.size }, (_, at) => new KvNode(`n${at + 1}`, this.folder, portsOf(at), options))
  }

  async #start(): Promise<void> {
    const [first, ...others] = this.nodes
    if (first === undefined) throw new RangeError('a cluster has at least one node')
    first.spawn()
    await first.ready()
    for (const node of others) {
      node.spawn(first.http)
      await node.ready()
    }
    await until('all are voters', async () => {
      const members = (await first.status())?.members ?? []
      return members.filter(({ voter }) => voter).length === this.nodes.length || undefined
    })
  }

  /** The running node that leads, once there is one. */
  leader(secondsAtMost = 30): Promise<KvNode> {
    const ask = async () => {
      const running = this.nodes.filter(node => node.running)
      const roles = await Promise.all(running.map(node => node.status().catch(() => undefined)))
      return running[roles.findIndex(status => status?.role === 'leader')]
    }
    return until('a leader', ask, secondsAtMost)
  }

  /** With the names under which their shares of the processors are told. */
  async watched(): Promise<Watched[]> {
    const leader = await this.leader()
    return this.nodes.filter(node => node.running).map(node => ({ name: node === leader ? 'leader' : 'followers', pid: node.pid }))
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map(node => (node.running ? node.kill() : undefined)))
    removeDataFolder(this.folder)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
