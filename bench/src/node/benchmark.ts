import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { build } from '../cluster/built.ts'
import { makeDataFolder, removeDataFolder } from '../cluster/data-folder.ts'
import { dragonboat, gatherPeers, hashicorp } from '../compare/peers.ts'
import { figureOf } from '../figure.ts'
import { counted, table, whole } from '../format.ts'
import { defaultKeys, defaultValueBytes, type Measured } from '../load/load.ts'
import { Watch } from '../process/watch.ts'
import type { Progress } from '../progress.ts'
import { figuresTable } from '../report/figures-table.ts'
import { ratioRows } from '../report/ratios-table.ts'
import type { CallersLoad, Contender } from './contender.ts'
import { ours } from './ours.ts'
import { inProcess } from './peers.ts'

type Plan = { readonly callers: readonly number[]; readonly seconds: number; readonly warmUp: number; readonly rounds: number }
const full: Plan = { callers: [1, 64, 256, 1024], seconds: 2, warmUp: 4, rounds: 3 }
const quick: Plan = { callers: [1, 64, 256], seconds: 2, warmUp: 3, rounds: 1 }

/** What a program is called with inside the process: hashicorp/raft and dragonboat name it differently. */
const calls: Readonly<Record<string, string>> = { hashicorp: 'Apply', dragonboat: 'SyncPropose' }

export const node: Benchmark = {
  about: 'apply() of raft-node, callers inside the leader of three processes; in turns with hashicorp/raft and dragonboat',
  run,
}

type Series = { readonly contender: Contender; readonly at: number; readonly runs: Measured[] }

async function run({ quick: isQuick, everything, times = everything ? 1 : undefined, progress }: Settings): Promise<Outcome> {
  await build()
  const plan = { ...(isQuick ? quick : full), ...(times === undefined ? {} : { rounds: times }) }
  const { peers, notes } = await gatherPeers({ hashicorp, dragonboat }, progress)
  const contenders = [ours, ...peers.map(peer => inProcess(peer, calls[peer.name.split('/')[0]!] ?? ''))]
  const all = contenders.map(contender => plan.callers.map((at): Series => ({ contender, at, runs: [] })))
  for (let round = 1; round <= plan.rounds; round++) {
    for (const series of all) await playRound(series, plan, `round ${round}/${plan.rounds}`, progress)
  }
  notes.push(
    `Values of ${defaultValueBytes} bytes over ${whole(defaultKeys)} keys; the callers' own work is part of the leader's. Each round starts ` +
      `every cluster afresh on an empty folder, one after the other; ${plan.warmUp} s to warm up.`,
  )
  return outcome(all.flat(), plan, notes)
}

async function playRound(all: readonly Series[], plan: Plan, where: string, progress: Progress): Promise<void> {
  const { contender } = all[0]!
  const folder = makeDataFolder()
  progress.now(`${where}, ${contender.name}: starting`)
  const started = await contender.start(folder)
  try {
    const load: CallersLoad = { callers: 64, seconds: plan.warmUp, valueBytes: defaultValueBytes, keys: defaultKeys }
    await started.run(load)
    for (const { at, runs } of all) {
      const watch = new Watch(await started.watched())
      const result = await started.run({ ...load, callers: at, seconds: plan.seconds })
      runs.push({ ...result, ...watch.end() })
      progress.done(`${where}, ${contender.name}, ${counted(at, 'caller')}: ${whole(result.perSecond)}/s`)
    }
  } finally {
    await started.stop()
    removeDataFolder(folder)
  }
}

function outcome(all: readonly Series[], plan: Plan, notes: readonly string[]): Outcome {
  const figures = all.map(({ contender: { name, series }, at, runs }) =>
    figureOf({ name: `${counted(at, 'caller')}: ${name}`, series, at }, runs),
  )
  const rates = ({ runs }: Series): number[] => runs.map(({ perSecond }) => perSecond)
  const others = all.filter(({ contender }) => contender !== ours)
  const races = all
    .filter(({ contender }) => contender === ours)
    .map(mine => {
      const theirs = new Map(others.filter(({ at }) => at === mine.at).map(series => [series.contender.name, rates(series)]))
      return { name: counted(mine.at, 'caller'), ours: rates(mine), theirs, better: 'more' } as const
    })
  const names = [...new Set(others.map(({ contender }) => contender.name))]
  const ratios = names.length === 0 ? [] : ratioRows('ours ÷ theirs, per second', races, names)
  return {
    text: [figuresTable(figures), ...(ratios.length > 0 ? [table(ratios)] : []), notes.join('\n')].join('\n\n'),
    data: { plan, notes },
    figures,
    ratios,
    plots: [
      { title: 'Writes per second, in process', x: 'callers', y: 'perSecond', figures },
      { title: 'Latency, p99', x: 'callers', y: 'p99', figures },
    ],
  }
}
