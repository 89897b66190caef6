// npm run crash -- --times 200: kill -9 at random moments under load, so many times with each log store
// (--log-store: with one). Every acknowledged write is there afterwards, and a killed node serves again within a second. Now and then all
// nodes are asked for all of them, and what they have shown is deleted, so that every restart meets a state of like size.
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { countFrom, optionsFrom } from '../../../../scripts/options.ts'
import { ask } from '../e2e/harness/http.ts'
import { hasAll, listsAll, Writer } from '../e2e/harness/writer.ts'
import { bundleNodeProcess } from './bundle.ts'
import { startProofCluster, storesFrom } from './proof-cluster.ts'
import type { LogKind, ProofNode, Started } from './proof-node.ts'
import { runProof } from './run-proof.ts'

const usage = 'npm run crash -- [--times N] [--log-store level|wal]    kill -9 so many times (default 200) with each log store, or with one'
const asked = optionsFrom(usage, ['times', 'log-store'])
const times = countFrom('--times', asked.times ?? '200')
const stores = storesFrom('--log-store', asked['log-store'])
const writesBetween = 100
const restartMsMax = 1_000
/** Then all nodes are asked for all that was acknowledged since the last time. */
const killsBetween = 25
const progressMs = 5_000
const began = performance.now()
await runProof('crash', async folder => {
  const program = await bundleNodeProcess()
  const slow: string[] = []
  for (const log of stores) slow.push(...(await run(program, join(folder, log), log)))
  assert(slow.length === 0, slow.join('; ')) // in the end: a machine that is busy must not hide what is lost
})

/** Resolves with what was too slow. */
async function run(program: string, folder: string, logStore: LogKind): Promise<readonly string[]> {
  const nodes = await startProofCluster(program, folder, { logStore, snapshotEntries: 2_000, trailingEntries: 500 })
  let writer = new Writer(nodes, 8)
  const restarts: Started[] = []
  let fewest = Number.POSITIVE_INFINITY
  let checked = 0
  let [acknowledged, unknown] = [0, 0]
  const settle = async () => {
    await writer.stop()
    for (const node of nodes) await listsAll(node, writer.prefix, writer.acknowledged)
    acknowledged += writer.acknowledged.length
    unknown += writer.failed
  }
  let shown = performance.now()
  for (let kill = 1; kill <= times; kill++) {
    const before = writer.acknowledged.length
    await writer.more(writesBetween, 60_000)
    await sleep(Math.random() * 50) // anywhere within a batch
    fewest = Math.min(fewest, writer.acknowledged.length - before)
    const victims = someOf(nodes)
    await Promise.all(victims.map(node => node.kill()))
    const written = writer.acknowledged.length // all that was acknowledged up to the kill, and maybe a little more
    restarts.push(...(await Promise.all(victims.map(node => node.start()))))
    for (const node of victims) await node.ready()
    for (const node of victims) await hasAll(node, writer.acknowledged.slice(checked, written))
    checked = written
    if (kill % killsBetween === 0 && kill < times) {
      await settle()
      await forget(nodes, writer.prefix)
      writer = new Writer(nodes, 8)
      checked = 0
    }
    if (performance.now() - shown < progressMs) continue
    shown = performance.now()
    progress(kill, acknowledged + writer.acknowledged.length, restarts)
  }
  await settle()
  await Promise.all(nodes.map(node => node.kill()))
  return report(logStore, { acknowledged, unknown, fewest, restarts })
}

/** What all nodes have shown is deleted: a restart is to be measured with a state of some size, not with one that grows all the time. */
async function forget(nodes: readonly ProofNode[], prefix: string): Promise<void> {
  const [first] = nodes
  assert(first !== undefined)
  const { status, text } = await ask('DELETE', first.http, `/v1/kv?prefix=${prefix}`)
  assert.equal(status, 200, `the checked keys cannot be deleted: ${text}`)
  for (const node of nodes) {
    const left = await ask('GET', node.http, `/v1/kv?prefix=${prefix}&limit=1`)
    assert.deepEqual(JSON.parse(left.text).items, [], `deleted keys are there again at ${node.settings.id}`)
  }
}

/** One node mostly, now and then two, or all of them at once. */
function someOf(nodes: readonly ProofNode[]): readonly ProofNode[] {
  const count = Math.random() < 0.7 ? 1 : Math.random() < 0.5 ? 2 : nodes.length
  return nodes
    .map(node => ({ node, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ node }) => node)
}

function progress(kill: number, acknowledged: number, restarts: readonly Started[]): void {
  const seconds = ((performance.now() - began) / 1_000).toFixed(0)
  const slowest = Math.max(...restarts.map(({ msOpening }) => msOpening))
  console.log(
    `${String(kill).padStart(4)} of ${times} kills  ${acknowledged} writes acknowledged  0 lost  slowest restart ${slowest.toFixed(0)} ms  ${seconds} s`,
  )
}

type Outcome = {
  readonly acknowledged: number
  readonly unknown: number
  readonly fewest: number
  readonly restarts: readonly Started[]
}

function report(logStore: LogKind, { acknowledged, unknown, fewest, restarts }: Outcome): readonly string[] {
  const opening = sorted(restarts.map(({ msOpening }) => msOpening))
  const total = sorted(restarts.map(({ msTotal }) => msTotal))
  console.log(`log store ${logStore}: ${times} kills, ${restarts.length} restarts`)
  console.log(
    `writes: ${acknowledged} acknowledged, ${unknown} of unknown outcome, at least ${fewest} between two kills, 0 lost on any node`,
  )
  console.log(`restart, from the loaded program until it serves: median ${middle(opening)} ms, max ${last(opening)} ms`)
  console.log(`restart, with the start of the process:           median ${middle(total)} ms, max ${last(total)} ms`)
  assert(fewest >= writesBetween, `only ${fewest} writes were acknowledged between two kills`)
  const slow = opening.filter(ms => ms >= restartMsMax)
  return slow.length === 0
    ? []
    : [`log store ${logStore}: ${slow.length} restarts took longer than ${restartMsMax} ms: ${slow.map(Math.round).join(', ')}`]
}

function sorted(numbers: readonly number[]): readonly number[] {
  return [...numbers].sort((a, b) => a - b)
}

function middle(numbers: readonly number[]): string {
  return (numbers[Math.floor(numbers.length / 2)] ?? 0).toFixed(0)
}

function last(numbers: readonly number[]): string {
  return (numbers.at(-1) ?? 0).toFixed(0)
}
