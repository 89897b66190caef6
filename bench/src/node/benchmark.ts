import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { build } from '../cluster/built.ts'
import { makeDataFolder, removeDataFolder } from '../cluster/data-folder.ts'
import { type Figure, figureOf } from '../figure.ts'
import { counted, whole } from '../format.ts'
import { defaultKeys, defaultValueBytes, type LoadResult } from '../load/load.ts'
import { Remote } from '../process/rpc.ts'
import { until } from '../process/until.ts'
import { Watch } from '../process/watch.ts'
import { figuresTable } from '../report/figures-table.ts'
import type { CallersLoad, StartOptions } from './member-child.ts'

const program = fileURLToPath(new URL('./member-child.ts', import.meta.url))

type Plan = { readonly callers: readonly number[]; readonly seconds: number; readonly warmUp: number; readonly runs: number }
const full: Plan = { callers: [1, 64, 256, 1024], seconds: 4, warmUp: 6, runs: 3 }
const quick: Plan = { callers: [1, 64], seconds: 2, warmUp: 3, runs: 1 }

export const node: Benchmark = {
  about: 'apply() of raft-node: callers inside the leader, three processes',
  run,
}

async function run({ quick: isQuick, progress }: Settings): Promise<Outcome> {
  await build()
  const plan = isQuick ? quick : full
  const folder = makeDataFolder()
  const members: Remote[] = []
  try {
    progress.now('node: starting three members')
    await startMembers(folder, members)
    const figures = await measureCallers(members, plan, (text, done) => (done ? progress.done(text) : progress.now(text)))
    const note = `${defaultValueBytes}-byte values of a ReplicatedMap over ${whole(defaultKeys)} keys; the callers' own work is part of the leader's.`
    const plots = [
      { title: 'apply() per second', x: 'callers', y: 'perSecond', figures } as const,
      { title: 'apply() latency, p99', x: 'callers', y: 'p99', figures } as const,
    ]
    return { text: [figuresTable(figures), note].join('\n\n'), data: { plan, note }, figures, plots }
  } finally {
    await Promise.all(members.map(member => member.kill()))
    removeDataFolder(folder)
  }
}

/** The first founds the cluster; the others join by asking it through this process. */
async function startMembers(folder: string, members: Remote[]): Promise<void> {
  for (const id of ['n1', 'n2', 'n3']) {
    const member = new Remote(program, { join: (request: unknown) => members[0]!.call('join', request) })
    members.push(member)
    await member.call('start', { id, dir: join(folder, id), founds: members.length === 1 } satisfies StartOptions)
  }
  await until('all are voters', async () => (await members[0]!.call<number>('voters')) === members.length || undefined)
}

async function measureCallers(members: readonly Remote[], plan: Plan, tell: (text: string, done: boolean) => void): Promise<Figure[]> {
  const figures: Figure[] = []
  const load: CallersLoad = { callers: 64, seconds: plan.warmUp, valueBytes: defaultValueBytes, keys: defaultKeys }
  const warm = await leaderOf(members)
  await warm.call('run', load)
  for (const callers of plan.callers) {
    const runs = []
    for (let at = 1; at <= plan.runs; at++) {
      tell(`apply(), ${callers} callers: ${at}/${plan.runs}`, false)
      const leader = await leaderOf(members)
      const watch = new Watch(members.map(member => member.watched(member === leader ? 'leader' : 'followers')))
      const result = await leader.call<LoadResult>('run', { ...load, callers, seconds: plan.seconds } satisfies CallersLoad)
      runs.push({ ...result, ...watch.end() })
    }
    tell(`apply(), ${callers} callers: ${whole(runs[0]!.perSecond)}/s`, true)
    figures.push(figureOf({ name: `apply(), ${counted(callers, 'caller')}`, series: 'apply()', at: callers }, runs))
  }
  return figures
}

function leaderOf(members: readonly Remote[]): Promise<Remote> {
  return until('a leader', async () => {
    const leads = await Promise.all(members.map(member => member.call<boolean>('leads')))
    return members[leads.indexOf(true)]
  })
}
