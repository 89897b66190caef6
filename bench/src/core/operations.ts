import { Bench } from 'tinybench'
import { Cluster } from './cluster.ts'
import { freshEntry } from './loads.ts'

/** A single call, or a round of them, in microseconds. */
export type Operation = {
  readonly title: string
  readonly median: number
  readonly p99: number
  readonly max: number
  readonly samples: number
}

type Task = {
  readonly title: string
  readonly run: () => void
  /** How often `run` does it: what is over sooner than the clock can tell is repeated. */
  readonly times?: number
  readonly after?: () => void
}

/** What programs do most, one at a time. */
export async function measureOperations(seconds: number): Promise<Operation[]> {
  const operations: Operation[] = []
  for (const task of tasks()) operations.push(await measure(task, seconds))
  return operations
}

function tasks(): Task[] {
  const cluster = new Cluster()
  const { leader } = cluster
  let reads = 0
  let rounds = 0
  return [
    {
      title: 'a proposal, committed and applied by all three',
      run: () => {
        cluster.propose(freshEntry())
        cluster.drain()
      },
      after: () => {
        if (++rounds % 10_000 === 0) cluster.compact()
      },
    },
    {
      title: 'a linearizable read, confirmed by a quorum',
      run: () => {
        leader.read(String(++reads))
        cluster.drain()
      },
    },
    {
      title: 'a round of heartbeats and their answers',
      run: () => {
        leader.tick()
        cluster.drain()
      },
    },
    { title: 'status() of a leader', times: 100, run: repeat(100, () => leader.status()) },
    { title: 'hasReady() when there is nothing', times: 1000, run: repeat(1000, () => leader.hasReady()) },
  ]
}

function repeat(times: number, call: () => unknown): () => void {
  return () => {
    for (let i = 0; i < times; i++) call()
  }
}

async function measure({ title, run, times = 1, after }: Task, seconds: number): Promise<Operation> {
  const bench = new Bench({ time: seconds * 1000, warmupTime: seconds * 250, subtractTimerOverhead: true, throws: true })
  bench.add(title, run, after === undefined ? {} : { afterEach: after })
  await bench.run()
  const { result } = bench.tasks[0]!
  if (result.state !== 'completed') throw new Error(`${title}: ${result.state}`)
  const { p50, p99, max, samplesCount } = result.latency
  const micros = 1000 / times
  return { title, median: p50 * micros, p99: p99 * micros, max: max * micros, samples: samplesCount }
}
