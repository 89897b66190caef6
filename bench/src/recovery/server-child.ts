// A key-value server whose snapshots the benchmark asks for, and whose event loop it watches; it calls over IPC.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
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
export type SnapshotReport = { readonly seconds: number; readonly delay: { readonly p99: number; readonly max: number } }

const resolutionMs = 1
let server: KvServer | undefined

serveParent({
  start: async (options: ServerOptions) => {
    // None but the one that is asked for.
    server = await startServer({ ...options, snapshotEntries: 100_000_000, snapshotBytes: 2 ** 40 })
  },
  leads: () => opened().node.status().role === 'leader',
  /** After a moment in which the load begins. */
  snapshot: async (waitMs: number): Promise<SnapshotReport> => {
    await sleep(waitMs)
    const delays = monitorEventLoopDelay({ resolution: resolutionMs })
    delays.enable()
    const started = performance.now()
    await opened().node.snapshot({ timeoutMs: 300_000 })
    const seconds = (performance.now() - started) / 1000
    delays.disable()
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs)
    return { seconds, delay: { p99: late(delays.percentile(99)), max: late(delays.max) } }
  },
})

function opened(): KvServer {
  if (server === undefined) throw new Error('this server was not started')
  return server
}
