// A node of kv-server in a process of its own, between links and on a disk that others break. The server is the product's, and knows
// nothing of this.
import { connect } from 'node:net'
import { startServer } from 'kv-server'
import { systemClock } from 'raft-node'
import { plainSockets, TcpTransport } from 'raft-node/tcp'
import { MoodyDisk } from './moody-disk.ts'
import type { FromNode, NodePlan, ToNode } from './plan.ts'

const plan: NodePlan = JSON.parse(process.argv[2] ?? '{}')
const { routes, logStore, ...options } = plan
const tell = (report: FromNode) => process.send?.(report)

process.once('disconnect', () => process.exit(0)) // whoever started it has gone
const clock = systemClock()
const disk = new MoodyDisk()
const sockets = {
  ...plainSockets,
  connect: (address: string, ready: () => void) => {
    const [host, port] = (routes[address] ?? address).split(':')
    return connect({ host: host ?? '', port: Number(port), noDelay: true }, ready)
  },
}
try {
  const ports = {
    clock,
    transport: new TcpTransport({ listen: options.raft, clock, sockets }),
    ...disk.storage({ dir: options.dir, log: logStore, clock }),
  }
  const server = await startServer({ ...options, onFatal: ({ message }) => stop(message) }, ports)
  process.on('message', (message: ToNode) => {
    if (message.type === 'disk') disk.mood = message.mood
    else void server.close().then(() => process.exit(0))
  })
  tell({ type: 'serving' })
} catch (error) {
  stop(error instanceof Error ? error.message : String(error))
}

function stop(message: string): void {
  tell({ type: 'stopped', message })
  setImmediate(() => process.exit(1))
}
