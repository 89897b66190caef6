// A server in a process of its own, so that its memory can be told from that of its clients.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from 'kv-server'

const dir = await mkdtemp(join(tmpdir(), 'kv-scale-'))
// Snapshots of a million keys would be measured along with what is to be measured.
const server = await startServer({
  dir,
  http: 'localhost:0',
  raft: 'localhost:0',
  snapshotEntries: 1e9,
  snapshotBytes: 2 ** 40,
  trailingEntries: 0,
})
await server.node.waitForLeader()
process.send?.(server.httpAddress)
process.on('message', () => {
  for (let times = 0; times < 2; times++) gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.(heapUsed + external)
})
process.once('disconnect', async () => {
  await server.close()
  await rm(dir, { recursive: true, force: true })
})
