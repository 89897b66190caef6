import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KvServer, type KvServerOptions, startServer } from '../../src/index.ts'

type Place = { readonly dir: string; readonly http: string; readonly raft: string }

/** Servers of this process on free ports, with folders under one that is removed at the end. */
export class TestCluster {
  readonly root: string
  readonly places: readonly Place[]
  readonly #running = new Set<KvServer>()

  private constructor(root: string, places: readonly Place[]) {
    this.root = root
    this.places = places
  }

  static async create(count: number): Promise<TestCluster> {
    const root = await mkdtemp(join(tmpdir(), 'kv-server-'))
    const ports = await freePorts(2 * count)
    const places = Array.from({ length: count }, (_, place) => ({
      dir: join(root, `raft${place + 1}`),
      http: `localhost:${ports[2 * place]}`,
      raft: `localhost:${ports[2 * place + 1]}`,
    }))
    return new TestCluster(root, places)
  }

  place(number: number): Place {
    return this.places[number - 1] as Place
  }

  /** Starts server `number`, counted from 1. Elections are quicker than in production. */
  async start(number: number, options: Partial<KvServerOptions> = {}): Promise<KvServer> {
    const server = await startServer({ ...this.place(number), tickMs: 30, ...options })
    this.#running.add(server)
    return server
  }

  async stop(server: KvServer): Promise<void> {
    this.#running.delete(server)
    await server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map(server => server.close()))
    await rm(this.root, { recursive: true, force: true })
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  await Promise.all(servers.map(server => new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => new Promise(closed => server.close(closed))))
  return ports
}
