import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { makeDataFolder, removeDataFolder } from '../cluster/data-folder.ts'
import { type Figure, figureOf, sharesOf } from '../figure.ts'
import { decimals, whole } from '../format.ts'
import { type Measured, measure } from '../load/load.ts'
import { openLoop } from '../load/open-loop.ts'
import { freePorts } from '../process/ports.ts'
import { Remote } from '../process/rpc.ts'
import { until } from '../process/until.ts'
import type { Progress } from '../progress.ts'
import { fillKeys } from './fill-keys.ts'
import type { Delay, ServerOptions, Standing } from './server-child.ts'

const program = fileURLToPath(new URL('./server-child.ts', import.meta.url))
const writesPerSecond = 500
const voters = 3
const two = decimals(2)
const idOf = (at: number) => `n${at + 1}`

type Plan = { readonly snapshotKeys: number; readonly rounds: number }

/** Writes at a steady rate: without a snapshot, while one of all keys is taken on the leader, and while it is sent to a new member; in turns. */
export async function snapshotPause({ snapshotKeys: keys, rounds }: Plan, notes: string[], progress: Progress): Promise<Figure[]> {
  const folder = makeDataFolder()
  const ports = await freePorts(2 * (voters + rounds))
  const servers: Remote[] = []
  const start = async () => {
    const at = servers.push(new Remote(program)) - 1
    if (at >= voters) servers[at]!.beModest()
    const [http, raft] = [`127.0.0.1:${ports[2 * at]}`, `127.0.0.1:${ports[2 * at + 1]}`]
    const join_ = at === 0 ? [] : [`127.0.0.1:${ports[0]}`]
    await servers[at]!.call('start', { id: idOf(at), dir: join(folder, idOf(at)), http, raft, join: join_ } satisfies ServerOptions)
    return at
  }
  try {
    while (servers.length < voters) await start()
    const leader = await until('a leader', async () => {
      const standings = await Promise.all(servers.map(server => server.call<Standing>('standing')))
      const found = standings.findIndex(({ leads }) => leads)
      return found < 0 ? undefined : found
    })
    const url = `http://127.0.0.1:${ports[2 * leader]}`
    await fillKeys(url, { keys, valueBytes: 64 }, progress)
    return await compareWrites({ servers, leader, url, start, keys, rounds, notes, progress })
  } finally {
    await Promise.all(servers.map(server => server.kill()))
    removeDataFolder(folder)
  }
}

type Cluster = {
  readonly servers: readonly Remote[]
  readonly leader: number
  readonly url: string
  /** One more member; resolves with its place. */
  readonly start: () => Promise<number>
  readonly keys: number
  readonly rounds: number
  readonly notes: string[]
  readonly progress: Progress
}

const ways = ['without a snapshot', 'while a snapshot is taken', 'while it is sent to a new member'] as const
type Way = (typeof ways)[number]

async function compareWrites(cluster: Cluster): Promise<Figure[]> {
  const { rounds, keys, progress } = cluster
  cluster.notes.push('The new member runs at low priority: it stands for another machine, and takes no processor time from the leader.')
  const runs = new Map<Way, Run[]>(ways.map(way => [way, []]))
  await loaded(cluster, warmUpSeconds, async () => {})
  for (let round = 1; round <= rounds; round++) {
    for (const way of ways) {
      progress.now(`recovery: writes ${way}, ${whole(keys)} keys, round ${round} of ${rounds}`)
      const run = await loaded(cluster, seconds, () => meanwhile[way](cluster))
      runs.get(way)?.push(run)
      progress.done(`recovery: event loop of the leader ${way}: late by p99.9 ${two(run.delay.p999)} ms, at most ${two(run.delay.max)} ms`)
    }
  }
  return ways.flatMap(way => figuresOf(way, keys, runs.get(way) ?? []))
}

type Run = { readonly writes: Measured; readonly delay: Delay }

const warmUpSeconds = 5
/** As long each way: the longer one looks, the later is the latest. */
const seconds = 10

/** What goes on beside the writes. */
const meanwhile: Readonly<Record<Way, (cluster: Cluster) => Promise<void>>> = {
  'without a snapshot': async () => {},
  'while a snapshot is taken': async ({ servers, leader, notes }) => {
    const seconds = await servers[leader]!.call<number>('snapshot')
    notes.push(`The snapshot took ${two(seconds)} s.`)
  },
  'while it is sent to a new member': async ({ servers, leader, start, notes }) => {
    const started = performance.now()
    const at = await start()
    const { commit } = await servers[leader]!.call<Standing>('standing')
    await until('the new member has caught up', async () => {
      return (await servers[at]!.call<Standing>('standing')).applied >= commit || undefined
    })
    notes.push(`A new member had all of it ${two((performance.now() - started) / 1000)} s after its process was started.`)
    await servers[at]!.kill()
    await servers[leader]!.call('remove', idOf(at))
  },
}

/** The load has begun before `run` does, and goes on at least until it has ended. */
async function loaded({ servers, leader, url }: Cluster, seconds: number, run: () => Promise<void>): Promise<Run> {
  const watched = servers.slice(0, voters).map((server, at) => server.watched(at === leader ? 'leader' : 'followers'))
  const writes = measure(openLoop(writesPerSecond), { url, kind: 'put', connections: 64, seconds }, watched)
  await sleep(1_000)
  await servers[leader]!.call('watchDelay')
  await run()
  const measured = await writes
  return { writes: measured, delay: await servers[leader]!.call<Delay>('delay') }
}

function figuresOf(way: Way, keys: number, runs: readonly Run[]): Figure[] {
  const name = `event loop of the leader ${way}`
  const of = (pick: (delay: Delay) => number) => runs.map(({ delay }) => pick(delay))
  const samples = { p99: of(({ p99 }) => p99), p999: of(({ p999 }) => p999), max: of(({ max }) => max) }
  const place = { name: `${writesPerSecond} writes/s ${way}`, series: way, at: keys }
  const writes = runs.map(run => run.writes)
  return [figureOf(place, writes), { name, series: name, at: keys, samples, ...sharesOf([]) }]
}
