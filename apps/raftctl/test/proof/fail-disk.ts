// npm run fail-disk: a flush fails (EIO) on one node under load. It stops at once, with an exit code that says so, nothing that was
// acknowledged is lost, and it serves again with a disk that works. A cluster of one must acknowledge nothing from the failure on.
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../e2e/harness/wait.ts'
import { hasAll, Writer } from '../e2e/harness/writer.ts'
import { bundleNodeProcess } from './bundle.ts'
import type { DiskPlan } from './faulty-storage.ts'
import { leaderAmong, logStores, startProofCluster } from './proof-cluster.ts'
import type { LogKind, ProofNode } from './proof-node.ts'
import { runProof } from './run-proof.ts'

const stopMsMax = 15_000
const sizes = [1, 3] as const

type Failure = { readonly name: string; readonly disk?: DiskPlan; readonly wrap?: readonly string[] }

const planned: Failure = { name: 'adapter', disk: { failSyncFrom: 60 } }
/** Each thread counts its own calls: with one thread for files, and LevelDB's flushes on it as well, they are all of them. */
const injected: Failure = {
  name: 'strace',
  wrap: [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-E',
    'UV_THREADPOOL_SIZE=1',
    '-e',
    'trace=fdatasync',
    '-e',
    'inject=fdatasync:error=EIO:when=60+',
  ],
}

await runProof('fail-disk', async folder => {
  const program = await bundleNodeProcess()
  const hasStrace = spawnSync('strace', ['-V']).status === 0
  for (const failure of hasStrace ? [planned, injected] : [planned]) {
    for (const log of logStores) for (const size of sizes) await failOne(program, folder, failure, { log, size })
  }
  if (!hasStrace) console.log('skipped: EIO from the system call: strace is not installed')
})

type Case = { readonly log: LogKind; readonly size: number }

async function failOne(program: string, root: string, { name, disk, wrap }: Failure, { log, size }: Case): Promise<void> {
  const folder = join(root, `${name}-${log}-${size}`)
  await mkdir(folder)
  const nodes = await startProofCluster(program, folder, { logStore: log }, size)
  const failing = await leaderAmong(nodes)
  await failing.kill()
  await failing.start(disk === undefined ? {} : { disk }, wrap)
  await failing.ready(30_000)
  const writer = new Writer(nodes, 4)
  const { code, signal } = await stopped(failing)
  assert(code !== null && code !== 0, `it ended with exit code ${code}, signal ${signal}: ${failing.lastWords}`)
  const said = failing.lastWords
  const atFailure = writer.acknowledged.length
  if (size > 1) await writer.more(50, 30_000) // the others go on
  await writer.stop()
  if (size === 1) assert.equal(writer.acknowledged.length, atFailure, 'a write was acknowledged after the failure')
  assert(writer.acknowledged.length > 0, 'nothing was acknowledged: the failure came before the load')
  await failing.start()
  for (const node of nodes) {
    await node.ready(30_000)
    await hasAll(node, writer.acknowledged)
  }
  await Promise.all(nodes.map(node => node.kill()))
  console.log(
    `${log}: EIO (${name}), ${size} node${size > 1 ? 's' : ''}: exit code ${code}, ${writer.acknowledged.length} acknowledged writes, 0 lost: ${said}`,
  )
}

async function stopped(node: ProofNode) {
  await eventually('the node with the failing disk stops', () => assert(!node.running, 'it runs on'), stopMsMax)
  return node.ended
}
