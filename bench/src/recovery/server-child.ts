// A key-value server whose snapshots the benchmark asks for, and whose event loop it watches; it calls over IPC.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type KvServer, startServer } from 'kv-server'
import { serveParent } from '../process/rpc.ts'

export type ServerOptions = {
  readonly id: string
  readonly dir: string
  readonly http: string
  readonly raft: string
  readonly join: readonly string[]
}
/** Milliseconds by which the event loop was late. */
export type Delay = { readonly p99: number; readonly p999: number; readonly max: number }
export type Standing = { readonly leads: boolean; readonly commit: number; readonly applied: number }

const resolutionMs = 1
const delays = monitorEventLoopDelay({ resolution: resolutionMs })
let server: KvServer | undefined

serveParent({
  start: async (options: ServerOptions) => {
    // None but the one that is asked for.
    server = await startServer({ ...options, snapshotEntries: 100_000_000, snapshotBytes: 2 ** 40 })
  },
  standing: (): Standing => {
    const { role, commit, applied } = opened().node
    return { leads: role === 'leader', commit, applied }
  },
  watchDelay: () => {
    delays.reset()
    delays.enable()
  },
  delay: (): Delay => {
    delays.disable()
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs)
    return { p99: late(delays.percentile(99)), p999: late(delays.percentile(99.9)), max: late(delays.max) }
  },
  /** Resolves with the seconds that it took. */
  snapshot: async (): Promise<number> => {
    const started = performance.now()
    await opened().node.snapshot({ timeoutMs: 300_000 })
    return (performance.now() - started) / 1000
  },
  remove: (id: string) => opened().node.membership.remove(id),
})

function opened(): KvServer {
  if (server === undefined) throw new Error('this server was not started')
  return server
}
