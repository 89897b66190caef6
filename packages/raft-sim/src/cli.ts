import { availableParallelism } from 'node:os'
import type { BatchResult, RunSeed } from './batch.ts'
import { runBatch } from './batch.ts'
import type { RunResult } from './core-simulation.ts'
import type { Mark } from './coverage.ts'
import { required } from './coverage.ts'
import { columns } from './journal.ts'
import { coverageList, explainViolation, healthyLines, progressLine, summary, verdict } from './report.ts'
import { repository } from './repository.ts'
import type { Kind } from './seed-pool.ts'
import { SeedPool } from './seed-pool.ts'
import type { Simpler } from './simpler.ts'

/** What the command line prints to, and its clock; neither reaches a simulated world. */
export type Terminal = {
  readonly write: (text: string) => void
  /** Progress may be written over. */
  readonly isInteractive: boolean
  readonly nowMs: () => number
  /** What this process has used of its processors. */
  readonly cpuMs: () => number
  /** Of the code, for the report of a failure. */
  readonly revision?: () => string | undefined
}

export type SimulationOptions = {
  readonly seed: number | undefined
  readonly seconds: number | undefined
  readonly trace: boolean
  readonly twice: boolean
  readonly simpler: Simpler
}

/** Fixed, so that two runs of the same length do the same. */
const defaultSeed = 1

export const usage = `npm run sim -- [--core] [--seconds N] [--seed N] [--trace] [--twice] [--without FAULT,…] [--events N]

  --core       simulate the cores alone, without the nodes around them
  --seconds N  run seeds for so long, one after the other on every processor (default 60), at least as many as it takes to see everything
  --seed N     run this seed alone; with --seconds, start with it
  --trace      print every event of the seed, and its trace hash
  --twice      run every seed twice, not only some, and compare the trace hashes
  --without F  leave faults out, as the report of a failure says
  --events N   faults end after so many events
`

/** Throws a RangeError that says what is wrong with the arguments. */
export function parseArguments(args: readonly string[]): SimulationOptions {
  let seed: number | undefined
  let seconds: number | undefined
  let trace = false
  let twice = false
  let events: number | undefined
  let without: readonly string[] = []
  for (let i = 0; i < args.length; i++) {
    const [name, attached] = args[i]!.split('=', 2)
    const value = () => numberFor(name!, attached ?? args[++i])
    if (name === '--seed') seed = value()
    else if (name === '--seconds') seconds = value()
    else if (name === '--events') events = value()
    else if (name === '--without') without = namesFor(name, attached ?? args[++i])
    else if (name === '--trace') trace = true
    else if (name === '--twice') twice = true
    else throw new RangeError(`unknown argument ${args[i]}`)
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw new RangeError('--seed takes an integer')
  if (trace && seed === undefined) throw new RangeError('--trace needs --seed N: it prints every event of one seed')
  return { seed, seconds, trace, twice, simpler: { without, ...(events !== undefined && { events }) } }
}

function namesFor(name: string, text: string | undefined): readonly string[] {
  if (text === undefined || text === '' || text.startsWith('--'))
    throw new RangeError(`${name} needs names of faults, with commas between them`)
  return text.split(',')
}

function numberFor(name: string, text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || text === '' || !(value >= 0)) throw new RangeError(`${name} needs a number`)
  return value
}

/** What is simulated: how, what repeats it, and what a batch must have seen besides what every batch must. */
export type Simulated = {
  readonly run: RunSeed
  readonly command: string
  readonly mustSee: readonly Mark[]
  /** A batch is no shorter, however little time it was given: so many seeds see all that they must. */
  readonly minSeeds: number
  /** With it, batches run beside each other, in processes of their own. */
  readonly kind?: Kind
  /** A cluster to which nothing happens: after a batch, to tell how fast it is. */
  readonly healthy?: () => RunResult
}

/** Only so many failures of a batch are made simpler: it takes some time, and more of them say no more. */
const maxShrunk = 2

/** Runs what the arguments ask for; resolves with the exit code. */
export async function runSimulation(options: SimulationOptions, simulated: Simulated, terminal: Terminal): Promise<number> {
  const { seed, seconds, simpler } = options
  const run: RunSeed = (seed, print, other) => simulated.run(seed, print, other ?? simpler)
  try {
    if (seed !== undefined && seconds === undefined) return await runOne(seed, options, { ...simulated, run }, terminal)
    return await runMany(seed ?? defaultSeed, seconds ?? 60, options, { ...simulated, run }, terminal)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    terminal.write(`${error.message}\n`)
    return 2
  }
}

/** Prints nothing that depends on the machine or the moment: two runs of one seed can be compared as text. */
async function runOne(
  seed: number,
  { trace, twice, simpler }: SimulationOptions,
  { run, command }: Simulated,
  terminal: Terminal,
): Promise<number> {
  const line = (text: string) => terminal.write(`${text}\n`)
  if (trace) line(`seed ${seed}; time in simulated seconds; role, term, end of the log, commit and applied index before the event`)
  if (trace) line(columns)
  let hash = ''
  const firstTwice: RunSeed = async (seed, print, other) => {
    const result = await run(seed, print ?? (trace && hash === '' ? line : undefined), other)
    hash = result.hash
    return result
  }
  const revision = terminal.revision?.()
  const result = await runBatch({
    firstSeed: seed,
    isEnough: () => true,
    run: firstTwice,
    twice,
    nowMs: () => 0,
    onResult: () => {},
    onViolation: async result => {
      const { invariant, message } = result.failure!
      if (trace) line(`\nVIOLATION of ${invariant}: ${message}`)
      else line(`\n${await explainViolation(result, { run, command, revision, shrinks: true, simpler })}`)
    },
  })
  line(`saw        ${coverageList(result.coverage)}`)
  line(`trace hash ${hash}${result.violations === 0 ? ', the same twice' : ''}`)
  return conclude(result, [], terminal)
}

async function runMany(
  firstSeed: number,
  seconds: number,
  { twice, simpler }: SimulationOptions,
  { run, command, mustSee, minSeeds, kind, healthy }: Simulated,
  terminal: Terminal,
): Promise<number> {
  const { write, isInteractive, nowMs } = terminal
  const startedAt = nowMs()
  let shownAt = startedAt
  let explained = 0
  write(`seeds from ${firstSeed} on, for ${seconds} s\n`)
  const clear = () => isInteractive && write('\r\x1b[2K')
  const processes = kind === undefined ? 0 : availableParallelism()
  const pool = kind && new SeedPool({ root: repository, kind, processes })
  // Failures are told there as well: while a world is simulated here, the pool could use no timer.
  const runSeed: RunSeed = pool === undefined ? run : (seed, print, other) => pool.run(seed, print, other ?? simpler)
  const result = await runBatch({
    firstSeed,
    isEnough: seeds => seeds >= minSeeds && nowMs() - startedAt >= seconds * 1000,
    run: runSeed,
    twice,
    lanes: Math.max(1, processes),
    nowMs,
    onResult(_result, soFar) {
      if (nowMs() - shownAt < (isInteractive ? 500 : 10_000)) return
      shownAt = nowMs()
      clear()
      write(`${progressLine(soFar)}${isInteractive ? '' : '\n'}`)
    },
    async onViolation(result) {
      clear()
      const shrinks = ++explained <= maxShrunk
      write(`${await explainViolation(result, { run: runSeed, command, revision: terminal.revision?.(), shrinks, simpler })}\n`)
    },
  })
  pool?.close()
  clear()
  write(summary(result))
  const isHealthy = healthy === undefined || tellHealthy(healthy, terminal)
  const code = conclude(result, [...required, ...mustSee], terminal)
  return isHealthy ? code : 1
}

/** By processor time: the processes of the batch, which are ending, and others on this machine do not count. Returns whether all was well. */
function tellHealthy(healthy: () => RunResult, { write, cpuMs }: Terminal): boolean {
  const startedAt = cpuMs()
  const result = healthy()
  write(healthyLines(result, cpuMs() - startedAt))
  return result.failure === undefined
}

function conclude(result: BatchResult, mustSee: readonly Mark[], terminal: Terminal): number {
  const { text, ok } = verdict(result, mustSee)
  terminal.write(`${text}\n`)
  return ok ? 0 : 1
}
