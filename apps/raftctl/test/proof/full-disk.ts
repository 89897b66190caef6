// npm run full-disk: disks of 64 MiB (tmpfs) fill up under load. Writes are refused early and clearly, reads go on, nothing that was
// acknowledged is lost, no file is damaged, and once there is room the cluster serves again by itself. Without the reserve and the early
// refusal, a write that finds no room ends a node with a write-ahead log, with one line that says why; with LevelDB it waits.
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { inspect } from 'raft-node/inspect'
import { reserveName } from 'raft-node/level'
import { ask } from '../e2e/harness/http.ts'
import { eventually } from '../e2e/harness/wait.ts'
import { bundleNodeProcess } from './bundle.ts'
import { Filler, holdsAll } from './filler.ts'
import { leaderAmong, logStores, startProofCluster } from './proof-cluster.ts'
import type { LogKind, ProofNode } from './proof-node.ts'
import { runProof } from './run-proof.ts'
import { SmallDisk } from './small-disk.ts'

const mib = 1024 * 1024
const [smallMib, largeMib] = [64, 512]
const guarded = { minFreeBytes: 8 * mib, reserveBytes: 8 * mib, snapshotEntries: 500, trailingEntries: 100 }
const unguarded = { minFreeBytes: 0, reserveBytes: 0 }
const refused = '507 DISK_FULL not-applied'

await runProof('full-disk', async folder => {
  if (!SmallDisk.isPossible(folder)) {
    return console.log('skipped: this machine lets us mount no tmpfs; npm run sim fills simulated disks')
  }
  const program = await bundleNodeProcess()
  for (const logStore of logStores) {
    await allFull(program, join(folder, `${logStore}-all`), logStore)
    await oneFull(program, join(folder, `${logStore}-one`), logStore)
    await (logStore === 'wal' ? endsWithoutGuard : waitsWithoutGuard)(program, join(folder, `${logStore}-unguarded`))
  }
})

async function allFull(program: string, folder: string, logStore: LogKind): Promise<void> {
  const disks = ['n1', 'n2', 'n3'].map(id => new SmallDisk(join(folder, id), smallMib))
  const nodes = await startProofCluster(program, folder, { logStore, ...guarded })
  const load = new Filler(nodes, 'all')
  await eventually('writes are refused', () => assert(load.count(refused) >= 50, `${load.summary}; ${lastWordsOf(nodes)}`), 120_000)
  for (const node of nodes) await saysFull(node)
  const sample = load.acknowledged.slice(-50)
  await holdsAll(nodes[1]!, sample) // linearizable reads go on

  // Somebody else takes the rest, to the last byte: only a write-ahead log can live on the reserve alone. Then the leader dies and comes back.
  const reserve = (disk: SmallDisk) => ({ path: join(disk.dir, reserveName), bytes: guarded.reserveBytes })
  if (logStore === 'wal') for (const disk of disks) await disk.fillUp(reserve(disk))
  const leader = await leaderAmong(nodes)
  await leader.kill()
  await leaderAmong(nodes.filter(node => node !== leader))
  await leader.start()
  for (const node of nodes) await holdsAll(node, sample)
  assert(
    nodes.every(({ running }) => running),
    `a node has ended: ${lastWordsOf(nodes)}`,
  )

  for (const disk of disks) disk.makeRoom(largeMib)
  const began = performance.now()
  await load.more(50, 20_000)
  const ms = Math.round(performance.now() - began)
  await load.stop()
  await wholeAndEnded(nodes, load.acknowledged)
  console.log(`${logStore}: three disks full: ${load.summary}; served again ${ms} ms after there was room; 0 lost`)
}

async function oneFull(program: string, folder: string, logStore: LogKind): Promise<void> {
  const disk = new SmallDisk(join(folder, 'n1'), smallMib)
  const nodes = await startProofCluster(program, folder, { logStore, ...guarded })
  const first = nodes[0]!
  assert.equal(await leaderAmong(nodes), first)
  const load = new Filler(nodes, 'one')
  await eventually('the node with the full disk says so', () => saysFull(first), 120_000)
  await eventually('another leads', async () => assert.notEqual(await leaderAmong(nodes), first), 10_000)
  await load.more(1_500, 120_000) // more than there was room for at all
  assert(first.running, `the node with the full disk has ended: ${first.lastWords}`)
  disk.makeRoom(largeMib)
  const began = performance.now()
  await isLevelAgain(first, load.acknowledged.at(-1)!)
  const ms = Math.round(performance.now() - began)
  await load.stop()
  await wholeAndEnded(nodes, load.acknowledged)
  const what = `leadership moved, it ran on, and was level ${ms} ms after there was room; the others went on`
  console.log(`${logStore}: the disk of the leader full: ${what}; ${load.summary}; 0 lost`)
}

/** As it would be if the disk filled up faster than anybody looks. */
async function endsWithoutGuard(program: string, folder: string): Promise<void> {
  const disk = new SmallDisk(join(folder, 'n1'), smallMib)
  const nodes = await startProofCluster(program, folder, { logStore: 'wal', ...unguarded }, 1)
  const node = nodes[0]!
  const load = new Filler(nodes, 'alone')
  await eventually('the node ends', () => assert(!node.running, load.summary), 120_000)
  const { code } = await node.ended
  const said = node.lastWords
  assert.equal(code, 1, said)
  assert.match(said, /cannot be saved/)
  await load.stop()
  disk.makeRoom(largeMib)
  await node.start()
  await node.ready(30_000)
  await wholeAndEnded(nodes, load.acknowledged)
  console.log(`wal: no reserve, no limit: exit code ${code}, ${load.summary}, 0 lost: ${said}`)
}

async function waitsWithoutGuard(program: string, folder: string): Promise<void> {
  const disk = new SmallDisk(join(folder, 'n1'), smallMib)
  const nodes = await startProofCluster(program, folder, { logStore: 'level', ...unguarded }, 1)
  const node = nodes[0]!
  const load = new Filler(nodes, 'alone')
  await eventually('nothing is acknowledged any more', () => assert(load.refused >= 20, load.summary), 120_000)
  const before = load.acknowledged.length
  await new Promise(resolve => setTimeout(resolve, 3_000))
  assert(load.acknowledged.length < before + 10, 'the disk is not full')
  assert(node.running, `the node has ended: ${node.lastWords}`)
  disk.makeRoom(largeMib)
  await load.more(50, 30_000)
  await load.stop()
  await wholeAndEnded(nodes, load.acknowledged)
  console.log(`level: no reserve, no limit: it waited for room and went on; ${load.summary}; 0 lost`)
}

function lastWordsOf(nodes: readonly ProofNode[]): string {
  return nodes.map(({ lastWords }) => lastWords).join('; ')
}

/** Resolves once it holds this key. */
async function isLevelAgain(node: ProofNode, key: string): Promise<void> {
  const look = async () => {
    const { status } = await ask('GET', node.http, `/v1/kv/${key}`)
    assert.equal(status, 200, `${key} at ${node.settings.id}: ${status} ${node.lastWords}`)
  }
  await eventually('the node with the full disk is level again', look, 60_000)
  assert(node.running, `the node with the full disk has ended: ${node.lastWords}`)
}

async function saysFull(node: ProofNode): Promise<void> {
  const { status, text } = await ask('GET', node.http, '/readyz')
  assert.equal(status, 503, text)
  assert.match(text, /disk full/)
}

async function wholeAndEnded(nodes: readonly ProofNode[], acknowledged: readonly string[]): Promise<void> {
  assert(acknowledged.length > 100, 'too little was acknowledged to prove anything')
  for (const node of nodes) {
    await node.ready(60_000)
    await holdsAll(node, acknowledged)
  }
  await Promise.all(nodes.map(node => node.kill()))
  for (const { settings } of nodes) {
    const { verdict, damage } = await inspect(settings.dir)
    assert.notEqual(verdict, 'damaged', `${settings.dir}: ${damage}`)
  }
}
