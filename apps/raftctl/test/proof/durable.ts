// npm run durable: while the flushes of a quorum take 300 ms longer, no write is acknowledged sooner; and a node that acknowledges before
// its flush, planted here, is noticed. kill -9 cannot show this, since the page cache survives it.
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { set } from '../e2e/harness/http.ts'
import { bundleNodeProcess } from './bundle.ts'
import type { DiskPlan } from './faulty-storage.ts'
import { leaderAmong, logStores, startProofCluster } from './proof-cluster.ts'
import type { LogKind, ProofNode } from './proof-node.ts'
import { runProof } from './run-proof.ts'

const delayMs = 300
const writes = 40

await runProof('durable', async folder => {
  const program = await bundleNodeProcess()
  for (const log of logStores) await prove(program, join(folder, log), log)
  console.log(`no write was acknowledged within ${delayMs} ms, and the planted bug was noticed, with both log stores`)
})

async function prove(program: string, folder: string, logStore: LogKind): Promise<void> {
  const hasStrace = spawnSync('strace', ['-V']).status === 0
  for (const slow of ['the leader and a follower', 'both followers'] as const) {
    const soonest = await measure(program, join(folder, slow.replaceAll(' ', '-')), slow, { logStore, disk: { syncDelayMs: delayMs } })
    report(`${logStore}: delay in front of the disk, ${slow}`, soonest)
    assert(soonest >= delayMs, `a write was acknowledged before its flush: ${soonest.toFixed(1)} ms`)
  }
  if (hasStrace) {
    const soonest = await measure(program, join(folder, 'strace'), 'both followers', { logStore, wrap: slowSystemCalls() })
    report(`${logStore}: delay in the system calls (strace), both followers`, soonest)
    assert(soonest >= delayMs, `a write was acknowledged before its flush: ${soonest.toFixed(1)} ms`)
  } else console.log('skipped: delay in the system calls: strace is not installed')

  const bug = { logStore, disk: { syncDelayMs: delayMs, answersBeforeSync: true } }
  const soonest = await measure(program, join(folder, 'planted'), 'both followers', bug)
  report(`${logStore}: planted bug: acknowledges before the flush`, soonest)
  assert(soonest < delayMs, 'the planted bug was not noticed: this proof proves nothing')
}

type Slowness = { readonly logStore: LogKind; readonly disk?: DiskPlan; readonly wrap?: readonly string[] }

/** The shortest time to an acknowledgement, in ms, after the slow nodes were restarted slow. */
async function measure(program: string, folder: string, which: 'the leader and a follower' | 'both followers', slowness: Slowness) {
  await mkdir(folder, { recursive: true })
  const nodes = await startProofCluster(program, folder, { logStore: slowness.logStore })
  const leader = await leaderAmong(nodes)
  const [one, other] = nodes.filter(node => node !== leader) as [ProofNode, ProofNode]
  const slow = which === 'both followers' ? [one, other] : [leader, one]
  for (const node of slow) {
    await node.kill()
    await node.start(slowness.disk === undefined ? {} : { disk: slowness.disk }, slowness.wrap)
    await node.ready(30_000)
  }
  const target = await leaderAmong(nodes)
  const soonest = await soonestAnswer(target)
  await Promise.all(nodes.map(node => node.kill()))
  return soonest
}

/** Some one after another, some at once: a batch that is flushed already must not carry a write that came later. */
async function soonestAnswer(node: ProofNode): Promise<number> {
  let soonest = Number.POSITIVE_INFINITY
  const write = async (key: string) => {
    const began = performance.now()
    await set(node.http, key, key)
    soonest = Math.min(soonest, performance.now() - began)
  }
  for (let i = 0; i < 4; i++) await write(`alone-${i}`)
  const staggered = Array.from({ length: writes }, async (_, i) => {
    await new Promise(resolve => setTimeout(resolve, i * 25))
    await write(`together-${i}`)
  })
  await Promise.all(staggered)
  return soonest
}

function slowSystemCalls(): string[] {
  const inject = `inject=fdatasync,fsync:delay_enter=${delayMs * 1_000}`
  return ['strace', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync,fsync', '-e', inject]
}

function report(what: string, soonest: number): void {
  console.log(`${what}: soonest acknowledgement after ${soonest.toFixed(1)} ms`)
}
