import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as Sim from 'raft-sim'
import { agreement } from './agreement.ts'
import { Client, type ReadLevel } from './client.ts'
import { Cluster } from './cluster.ts'
import { faults } from './faults.ts'
import { History } from './history.ts'
import { closeConnections } from './http.ts'
import { Keys } from './keys.ts'
import { Nemesis } from './nemesis.ts'
import { Rate } from './rate.ts'
import type { ChaosReport } from './report.ts'
import { Roles } from './roles.ts'
import type { Screen } from './screen.ts'

export type ChaosOptions = {
  readonly durationMs: number
  readonly nodes: number
  readonly clients: number
  readonly seed: number
  readonly faults: readonly string[]
  readonly reads: ReadLevel
  readonly logStore: 'level' | 'wal' | 'both'
  /** Operations done a second, on average; fewer fail. */
  readonly rateMin: number
  /** Where data and history go; undefined: a temporary folder, which is removed unless something went wrong. */
  readonly dir: string | undefined
  readonly screen: Screen
  readonly say: (line: string) => void
  /** Ends the experiment early. What was seen until then is judged all the same. */
  readonly signal: AbortSignal
}

const recoverMsMax = 60_000
const drawMs = 250

/** Breaks a cluster of real processes under load for a while, heals it, and judges what clients saw. */
export async function runChaos(options: ChaosOptions, sim: typeof Sim): Promise<ChaosReport> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'raftctl-chaos-')))
  await mkdir(dir, { recursive: true })
  const cluster = await Cluster.start({ ...options, dir }, options.say)
  let report: ChaosReport | undefined
  try {
    report = await experiment({ ...options, dir }, cluster, sim)
  } finally {
    await cluster.close()
    closeConnections()
    if (report?.passed && options.dir === undefined) await rm(dir, { recursive: true, force: true })
    else if (report === undefined) options.say(`the data of the nodes stays in ${dir}`)
  }
  return report
}

async function experiment(options: ChaosOptions & { readonly dir: string }, cluster: Cluster, sim: typeof Sim): Promise<ChaosReport> {
  const history = new History()
  const random = new sim.Random(options.seed)
  const keys = new Keys()
  const stop = new AbortController()
  const clients = Array.from(
    { length: options.clients },
    (_, number) =>
      new Client({
        number,
        nodes: cluster.nodes,
        keys,
        history,
        random: random.fork(`client ${number}`),
        signal: stop.signal,
        reads: options.reads,
      }),
  )
  const nemesis = new Nemesis({
    cluster,
    faults: faults.filter(({ name }) => options.faults.includes(name)),
    random: random.fork('faults'),
    signal: stop.signal,
    onEvent: event => options.screen.event(event),
  })
  const rate = new Rate()
  const work = Promise.all([...clients.map(client => client.run()), nemesis.run()])
  const began = performance.now()
  await watch(options, { cluster, history, nemesis, rate, began, over: work })
  const seconds = (performance.now() - began) / 1_000
  stop.abort()
  await work
  options.screen.end()

  const healed = performance.now()
  options.say('all healed: waiting until every node serves again')
  const problems = await failureOf(() => cluster.ready(recoverMsMax))
  const recoveredMs = performance.now() - healed
  if (problems.length === 0) for (const key of keys.live) await clients[0]?.readFinally(key)
  const { keys: count, different } = problems.length === 0 ? await agreement(cluster.nodes, recoverMsMax) : { keys: 0, different: [] }
  options.say(`judging ${history.operations.length} operations`)
  const verdict = sim.checkLinearizability(history.operations)
  return reportOf(options, {
    history,
    seconds,
    summary: nemesis.summary,
    verdict: { result: verdict.result, explanation: sim.explainLinearizability(verdict) },
    problems: [...problems, ...different.map(id => `${id} holds other keys or values than ${cluster.nodes[0]?.id}`)],
    keys: count,
    recoveredMs,
  })
}

type Watched = {
  readonly cluster: Cluster
  readonly history: History
  readonly nemesis: Nemesis
  readonly rate: Rate
  readonly began: number
  /** Ends early only by an error of our own. */
  readonly over: Promise<unknown>
}

/** Draws until the time is up. */
async function watch(options: ChaosOptions, { cluster, history, nemesis, rate, began, over }: Watched): Promise<void> {
  const roles = new Roles()
  let second = 1
  for (;;) {
    const elapsedMs = performance.now() - began
    if (elapsedMs >= options.durationMs || options.signal.aborted) return
    await Promise.race([over, sleep(drawMs)])
    void roles.look(cluster.nodes)
    if (elapsedMs >= second * 1_000) {
      second += 1
      rate.tick(history.counts.done)
    }
    const { seed, durationMs, clients } = options
    const { active, summary } = nemesis
    options.screen.draw({
      seed,
      durationMs,
      clients,
      elapsedMs,
      nodes: cluster.nodes,
      roles,
      active,
      summary,
      counts: history.counts,
      rate,
    })
  }
}

async function failureOf(work: () => Promise<void>): Promise<readonly string[]> {
  try {
    await work()
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

type Outcome = {
  readonly history: History
  readonly seconds: number
  readonly summary: Nemesis['summary']
  readonly verdict: { readonly result: ChaosReport['linearizable']; readonly explanation: readonly string[] }
  readonly problems: readonly string[]
  readonly keys: number
  readonly recoveredMs: number
}

async function reportOf(options: ChaosOptions & { readonly dir: string }, outcome: Outcome): Promise<ChaosReport> {
  const { history, seconds, summary, verdict } = outcome
  const rate = history.counts.done / seconds
  const problems = [...outcome.problems, ...judged(options, rate, summary, verdict.result)]
  const passed = problems.length === 0
  const file = passed && options.dir.includes('raftctl-chaos-') ? null : join(options.dir, 'history.jsonl')
  if (file !== null) await history.save(file)
  const { seed, nodes, clients, rateMin } = options
  return {
    passed,
    problems,
    seed,
    seconds,
    nodes,
    clients,
    ...summary,
    operations: { ...history.counts, rate, rateMin },
    linearizable: verdict.result,
    explanation: verdict.explanation,
    keys: outcome.keys,
    recoveredMs: outcome.recoveredMs,
    history: file,
  }
}

function judged({ rateMin }: ChaosOptions, rate: number, { injected }: Nemesis['summary'], linearizable: string): readonly string[] {
  const problems: string[] = []
  if (linearizable !== 'linearizable') problems.push(`what clients saw is ${linearizable}`)
  if (rate < rateMin) problems.push(`${rate.toFixed(0)} operations a second are too few to prove anything; at least ${rateMin} are wanted`)
  if (Object.keys(injected).length === 0) problems.push('no fault was injected: give it more time')
  return problems
}
