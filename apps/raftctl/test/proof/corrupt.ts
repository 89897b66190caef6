// npm run corrupt -- --samples 500: after kill -9 under load one bit of a file is turned, or the file is cut. The node notices and is
// repaired by its peers, or nothing was missing; an acknowledged write or a vote is never gone. In half of the samples the only other
// holder of the newest acknowledged entries stays down at the restart, and the damaged node has to wait for it.
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { countFrom, optionsFrom } from '../../../../scripts/options.ts'
import { listsAll } from '../e2e/harness/writer.ts'
import { bundleNodeProcess } from './bundle.ts'
import { type Sample, takeSample } from './corrupt-sample.ts'
import { Damages } from './damage.ts'
import { logStores, startProofCluster } from './proof-cluster.ts'
import type { LogKind } from './proof-node.ts'
import { runProof } from './run-proof.ts'

const asked = optionsFrom('npm run corrupt -- [--samples N]    damage so many folders (default 500)', ['samples'])
const samples = countFrom('--samples', asked.samples ?? '500')
const progressMs = 10_000
const began = performance.now()

await runProof('corrupt', async folder => {
  const program = await bundleNodeProcess()
  const counts = [Math.ceil(samples / 2), Math.floor(samples / 2)]
  // Side by side: most of the time is spent waiting.
  const lanes = await Promise.all(logStores.map((log, at) => runLane(program, join(folder, log), log, counts[at] ?? 0)))
  for (const { log, taken } of lanes) report(log, taken)
  const all = lanes.flatMap(({ taken }) => taken)
  const fewest = Math.min(...all.map(({ acknowledged }) => acknowledged.length))
  assert(fewest >= 100, `only ${fewest} writes were acknowledged before a damage`)
  const written = all.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
  const alone = all.filter(sample => sample.alone).length
  console.log(
    `${all.length} samples, the other holder down in ${alone}; ${written} writes acknowledged, at least ${fewest} before each damage; ` +
      `detected ${all.filter(({ fate }) => fate !== 'harmless').length}, harmless ${count(all, 'harmless')}, lost writes 0, forgotten votes 0`,
  )
})

type Lane = { readonly log: LogKind; readonly taken: readonly Sample[] }

async function runLane(program: string, folder: string, logStore: LogKind, count: number): Promise<Lane> {
  const nodes = await startProofCluster(program, folder, { logStore, snapshotEntries: 300, trailingEntries: 100, tickMs: 30 })
  const damages = new Damages()
  const taken: Sample[] = []
  let shown = performance.now()
  while (taken.length < count) {
    taken.push(await takeSample(nodes, damages, taken.length % 2 === 1))
    if (performance.now() - shown < progressMs && taken.length < count) continue
    shown = performance.now()
    console.log(`${logStore.padEnd(5)} ${taken.length} of ${count} samples  0 lost  ${((shown - began) / 1_000).toFixed(0)} s`)
  }
  const everything = taken.flatMap(({ acknowledged }) => acknowledged)
  for (const node of nodes) await listsAll(node, 'load-', everything)
  await Promise.all(nodes.map(node => node.kill()))
  return { log: logStore, taken }
}

function report(log: LogKind, taken: readonly Sample[]): void {
  console.log(`\nlog store ${log}`.padEnd(38), 'samples  repaired  replaced  harmless')
  for (const kind of new Set(taken.map(({ damage }) => damage.kind))) {
    const of = taken.filter(({ damage }) => damage.kind === kind)
    const numbers = [of.length, count(of, 'repaired'), count(of, 'replaced'), count(of, 'harmless')]
    console.log(`  ${kind.padEnd(36)}`, numbers.map((number, at) => String(number).padStart(at === 0 ? 7 : 9)).join(''))
  }
}

function count(taken: readonly Sample[], fate: Sample['fate']): number {
  return taken.filter(sample => sample.fate === fate).length
}
