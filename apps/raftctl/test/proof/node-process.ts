// A node of kv-server in a process of its own, on a disk that can be told to misbehave. The product knows nothing of this: what fails is
// an adapter in front of the real one, handed in where a port goes.
import { startServer } from 'kv-server'
import { systemClock } from 'raft-node'
import { faultyStorage } from './faulty-storage.ts'
import type { NodePlan, NodeReport } from './proof-node.ts'

const loaded = performance.now()
const plan: NodePlan = JSON.parse(process.argv[2] ?? '{}')
const { disk, ...options } = plan
const tell = (report: NodeReport) => process.send?.(report)

process.once('disconnect', () => process.exit(0)) // whoever started it has gone
const ports = disk === undefined ? {} : faultyStorage({ dir: options.dir, log: options.logStore ?? 'level', clock: systemClock(), disk })
try {
  const server = await startServer({ ...options, onFatal: ({ message }) => stop(message) }, ports)
  tell({ type: 'serving', http: server.httpAddress, raft: server.raftAddress, msOpening: performance.now() - loaded })
} catch (error) {
  stop(error instanceof Error ? error.message : String(error))
}

function stop(message: string): void {
  tell({ type: 'stopped', message })
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
  setImmediate(() => process.exit(1))
}
