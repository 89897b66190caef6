import { strict as assert } from 'node:assert'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeFiles, readCopy, watermarkNames } from 'raft-node/level'
import { ask } from '../e2e/harness/http.ts'
import { eventually } from '../e2e/harness/wait.ts'
import { listsAll, Writer } from '../e2e/harness/writer.ts'
import type { Damage, Damages } from './damage.ts'
import { leaderAmong } from './proof-cluster.ts'
import type { ProofNode } from './proof-node.ts'

/** `repaired`: it filled its log again. `replaced`: it refused to start, and a new folder took its place. `harmless`: it missed nothing. */
type Fate = 'repaired' | 'replaced' | 'harmless'
export type Sample = {
  readonly damage: Damage
  readonly fate: Fate
  /** The only other holder of the newest acknowledged entries stayed down at the restart. */
  readonly alone: boolean
  readonly acknowledged: readonly string[]
}

const writesBefore = 100
const writers = 16
/** So long a node with damage must wait for the other holder: several election timeouts. */
const waitMs = 1_000
const repairMsMax = 60_000

type Ballot = { readonly term: number; readonly vote: string | undefined }

/**
 * Writes, kills the writing node's folder under it, damages that folder, and starts it again. With `alone` one follower is down while the
 * writes are acknowledged, so that only two have them: the one that is damaged, and one that stays down while the damaged node and the
 * follower that has missed everything are started.
 */
export async function takeSample(nodes: readonly ProofNode[], damages: Damages, alone: boolean): Promise<Sample> {
  const leader = await leaderAmong(nodes)
  const behind = alone ? someOf(nodes.filter(node => node !== leader)) : undefined
  await behind?.kill()
  const writer = new Writer(nodes, writers)
  await writer.more(writesBefore, 60_000)
  await sleep(Math.random() * 20) // anywhere within a batch
  const victim = someOf(nodes.filter(node => node !== behind))
  const holder = nodes.find(node => node !== behind && node !== victim) as ProofNode
  await Promise.all([victim.kill(), ...(alone ? [holder.kill()] : [])])
  await writer.stop()
  const { acknowledged } = writer

  const ballot = await ballotOf(victim)
  const damage = await damages.strike(victim.settings.dir)
  try {
    const [refused] = await Promise.all([startDamaged(victim), behind?.start()])
    if (!refused) await keptItsVote(victim, ballot)
    const repairs = !refused && (await isRepairing(victim))
    if (alone && behind !== undefined) {
      if (refused || repairs) await waits([victim, behind], acknowledged)
      else await serves([victim, behind], writer)
      await holder.start()
    }
    if (refused) await replace(victim, holder)
    for (const node of nodes) await node.ready(repairMsMax)
    assert(!(await isRepairing(victim)), 'it is ready, and still repairs its log')
    for (const node of nodes) await listsAll(node, writer.prefix, acknowledged)
    return { damage, fate: refused ? 'replaced' : repairs ? 'repaired' : 'harmless', alone, acknowledged }
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw new Error(`${victim.settings.id}, ${damage.file} ${damage.what}${alone ? ', the other holder down' : ''}: ${what}`)
  }
}

/** True: it refuses to start, because of the damage. */
async function startDamaged(node: ProofNode): Promise<boolean> {
  try {
    await node.start()
    return false
  } catch {
    await node.ended
    assert.match(node.lastWords, /--replace/, `it ends without saying what helps: ${node.lastWords}`)
    return true
  }
}

/** The newest copy of the watermark: written before any vote leaves the node. */
async function ballotOf({ settings: { dir } }: ProofNode): Promise<Ballot> {
  const copies = await Promise.all(watermarkNames.map(name => readCopy(nodeFiles, join(dir, name))))
  const whole = copies.filter(copy => typeof copy === 'object').sort((a, b) => b.counter - a.counter)
  const newest = whole[0]
  assert(newest !== undefined, `no copy of the watermark in ${dir} can be read`)
  return { term: newest.mark.term, vote: newest.mark.vote }
}

async function keptItsVote(node: ProofNode, before: Ballot): Promise<void> {
  const now = await ballotOf(node)
  const kept = now.term > before.term || (now.term === before.term && (before.vote === undefined || now.vote === before.vote))
  assert(kept, `its vote was ${before.vote} in term ${before.term}, and is ${now.vote} in term ${now.term}`)
}

async function isRepairing(node: ProofNode): Promise<boolean> {
  const status = JSON.parse((await ask('GET', node.http, '/v1/status')).text) as { repairs: string | null }
  return status.repairs !== null
}

/** Without the other holder nobody may answer: who does, answers without the newest entries. */
async function waits(nodes: readonly ProofNode[], acknowledged: readonly string[]): Promise<void> {
  const deadline = performance.now() + waitMs
  while (performance.now() < deadline) {
    for (const node of nodes.filter(({ running }) => running)) {
      const status = await newestAt(node, acknowledged)
      assert(status !== 200 && status !== 404, `${node.settings.id} answers (${status}) although the only whole holder is down`)
    }
    await sleep(20)
  }
}

/** Nothing that counts is missing, so the two are a majority that has everything. */
async function serves(nodes: readonly ProofNode[], { prefix, acknowledged }: Writer): Promise<void> {
  for (const node of nodes) {
    await eventually(`${node.settings.id} serves without the other holder`, async () => {
      assert.equal(await newestAt(node, acknowledged), 200)
    })
    await listsAll(node, prefix, acknowledged)
  }
}

/** The status of a linearizable read; 0 where nobody answers in time. */
async function newestAt(node: ProofNode, acknowledged: readonly string[]): Promise<number> {
  const newest = acknowledged.at(-1) as string
  const answer = await ask('GET', node.http, `/key/${newest}`, { timeoutMs: 200 }).catch(() => undefined)
  assert(answer?.status !== 404, `${node.settings.id} has lost an acknowledged write`)
  return answer?.status ?? 0
}

/** What the node's last words say. */
async function replace(node: ProofNode, through: ProofNode): Promise<void> {
  await through.ready(repairMsMax)
  await rm(node.settings.dir, { recursive: true })
  await node.start({ join: [through.http], replace: true })
}

function someOf(nodes: readonly ProofNode[]): ProofNode {
  return nodes[Math.floor(Math.random() * nodes.length)] as ProofNode
}
