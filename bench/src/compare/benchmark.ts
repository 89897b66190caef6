import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { makeDataFolder, removeDataFolder } from '../cluster/data-folder.ts'
import { type Figure, figureOf } from '../figure.ts'
import { counted, table, whole } from '../format.ts'
import { autocannon } from '../load/autocannon.ts'
import { readKeys, writeKeys } from '../load/keys.ts'
import { type Generator, type Load, type Measured, measure } from '../load/load.ts'
import { findWrk } from '../load/wrk.ts'
import type { Progress } from '../progress.ts'
import { figuresTable } from '../report/figures-table.ts'
import { type Race, ratioRows } from '../report/ratios-table.ts'
import { ceiling } from './ceiling.ts'
import type { Contestant, Running } from './contestant.ts'
import { ours, running } from './ours.ts'
import { dragonboat, etcd, gatherPeers, hashicorp } from './peers.ts'

type Plan = { readonly connections: readonly number[]; readonly seconds: number; readonly warmUp: number; readonly rounds: number }
/** Seconds of warm-up: a server runs for months, and in its first ten or so V8 still compiles. `--quick` only looks whether all works. */
const full: Plan = { connections: [1, 16, 64, 256], seconds: 2, warmUp: 15, rounds: 3 }
const quick: Plan = { connections: [1, 64], seconds: 2, warmUp: 5, rounds: 1 }
/** Nobody warms up for longer in one go: meanwhile the others rest. */
const turnSeconds = 5
const againSeconds = 1
const readConnections = 64
const warmConnections = 64
const builders = { hashicorp, dragonboat, 'etcd, JSON': () => etcd('JSON'), 'etcd, gRPC': () => etcd('gRPC') }

export const compare: Benchmark = {
  about: 'the same load on the strongest peers, in turns: hashicorp/raft, dragonboat, etcd, and the ceiling',
  run,
}

type Series = { readonly contestant: Contestant; readonly what: string; readonly at: number; readonly runs: Measured[] }

async function run({ quick: isQuick, everything, times = everything ? 1 : undefined, url, progress }: Settings): Promise<Outcome> {
  const plan = { ...(isQuick ? quick : full), ...(times === undefined ? {} : { rounds: times }) }
  const { peers, notes } = await gatherPeers(builders, progress)
  const contestants = [ours, ...(url === undefined ? [] : [running(url)]), ...peers, ceiling]
  const usual = (await findWrk()) ?? autocannon
  const all: Series[] = []
  for (let round = 1; round <= plan.rounds; round++) {
    // What changes the machine step by step gives as much to the first as to the last.
    const order = round % 2 === 1 ? contestants : contestants.toReversed()
    await playRound(order, usual, plan, progress, `round ${round}/${plan.rounds}`, (contestant, what, at, measured) => {
      const known = all.find(series => series.contestant === contestant && series.what === what && series.at === at)
      if (known !== undefined) known.runs.push(measured)
      else all.push({ contestant, what, at, runs: [measured] })
    })
  }
  const figures = all.map(seriesFigure)
  notes.push(
    `Each round starts every cluster afresh on an empty folder; ${plan.warmUp} s of writes on ${warmConnections} connections to warm up each. Then all have the same load one after the other, twice, ${againSeconds} s on as many connections and ${againSeconds} s on its own to warm up again each time, while the others rest; every other round in the opposite order. Load: ${usual.name}.`,
  )
  const writes = figures.filter(({ name }) => name.startsWith('puts'))
  const ratios = ratiosOf(
    all,
    peers.map(({ name }) => name),
  )
  return {
    text: [figuresTable(figures), table(ratios), notes.join('\n')].join('\n\n'),
    data: { plan, notes },
    figures,
    ratios,
    plots: [
      { title: 'Writes per second', x: 'connections', y: 'perSecond', figures: writes },
      { title: 'Latency of writes, p50', x: 'connections', y: 'p50', figures: writes },
      { title: 'Latency of writes, p99', x: 'connections', y: 'p99', figures: writes },
    ],
  }
}

type Tell = (contestant: Contestant, what: string, at: number, measured: Measured) => void

/**
 * All are up at once, and take turns at each load: a machine that others use, too, is twice as fast in one minute as in the next, and whoever
 * is compared must meet the same one.
 */
async function playRound(
  contestants: readonly Contestant[],
  usual: Generator,
  plan: Plan,
  progress: Progress,
  where: string,
  tell: Tell,
): Promise<void> {
  const players: Player[] = []
  try {
    for (const contestant of contestants) {
      progress.now(`${where}, ${contestant.name}: starting`)
      players.push(await startPlayer(contestant, usual, plan))
    }
    for (let warm = 0; warm < plan.warmUp; warm += turnSeconds) {
      for (const { contestant, generator, load } of players) {
        progress.now(`${where}, ${contestant.name}: warming up`)
        await measure(generator, { ...load, kind: 'put', connections: warmConnections, seconds: turnSeconds }, [])
      }
    }
    await takeTurns(players, plan, (contestant, what, at, measured) => {
      progress.done(`${where}, ${contestant.name}, ${what}, ${at} connections: ${whole(measured.perSecond)}/s`)
      tell(contestant, what, at, measured)
    })
  } finally {
    for (const { running, folder } of players) {
      await running.stop()
      removeDataFolder(folder)
    }
  }
}

type Player = {
  readonly contestant: Contestant
  readonly running: Running
  readonly folder: string
  readonly generator: Generator
  readonly load: Pick<Load, 'url' | 'api' | 'seconds'>
}

async function startPlayer(contestant: Contestant, usual: Generator, { seconds }: Plan): Promise<Player> {
  const folder = makeDataFolder()
  const running = await contestant.start(folder)
  const generator = contestant.generator ?? usual
  const load = { url: running.url, api: contestant.api, seconds }
  return { contestant, running, folder, generator, load }
}

/**
 * Twice round at each load. Nobody rests for longer than the others have one turn each: after a minute without work V8 may have dropped what it
 * had compiled, and a server runs for months. Whoever has rested warms up with many connections again, since one would take half a minute to.
 */
async function takeTurns(players: readonly Player[], plan: Plan, tell: Tell): Promise<void> {
  const twice = [...players, ...players]
  for (const at of plan.connections) {
    for (const { contestant, running, generator, load } of twice) {
      const puts = { ...load, kind: 'put', connections: at } as const
      await measure(generator, { ...puts, connections: Math.max(at, warmConnections), seconds: againSeconds }, [])
      await measure(generator, { ...puts, seconds: againSeconds }, [])
      tell(contestant, 'puts', at, await measure(generator, puts, running.watched))
    }
  }
  for (const { contestant, running, generator, load } of twice) {
    if (contestant.reads === undefined) continue
    const reads = { ...load, kind: 'get', connections: readConnections, keys: readKeys } as const
    await writeKeys(reads)
    await measure(generator, { ...reads, seconds: 2 * againSeconds }, [])
    tell(contestant, `reads, ${contestant.reads}`, readConnections, await measure(generator, reads, running.watched))
  }
}

function seriesFigure({ contestant, what, at, runs }: Series): Figure {
  return figureOf({ name: `${what}, ${counted(at, 'connection')}: ${contestant.name}`, series: contestant.name, at }, runs)
}

const ratiosTitle = 'ours ÷ theirs (less is better for p50)'

function ratiosOf(all: readonly Series[], peers: readonly string[]): string[][] {
  const races = all
    .filter(({ contestant }) => contestant === ours)
    .flatMap(series => [
      raceOf(series, all, { suffix: '', better: 'more', of: run => run.perSecond }),
      raceOf(series, all, { suffix: ', p50', better: 'less', of: run => run.latency.p50 }),
    ])
  return ratioRows(ratiosTitle, races, peers)
}

type Aspect = Pick<Race, 'better'> & { readonly suffix: string; readonly of: (run: Measured) => number }

function raceOf({ what, at, runs }: Series, all: readonly Series[], { suffix, better, of }: Aspect): Race {
  const kind = (text: string): string => text.split(',')[0]!
  const same = all.filter(each => each.contestant !== ours && kind(each.what) === kind(what) && each.at === at)
  const theirs = new Map(same.map(each => [each.contestant.name, each.runs.map(of)]))
  return { name: `${kind(what)}, ${counted(at, 'connection')}${suffix}`, ours: runs.map(of), theirs, better }
}
