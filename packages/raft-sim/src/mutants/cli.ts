import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Terminal } from '../cli.ts'
import { repository } from '../repository.ts'
import type { Kind } from '../seed-pool.ts'
import type { Catch } from './hunt.ts'
import { hunt } from './hunt.ts'
import type { Mutant, Patch } from './patch-file.ts'
import { huntersOf, PatchError, readMutant, readPatch } from './patch-file.ts'
import { SourceCopy } from './source-copy.ts'
import { median, outcomeLine, table } from './table.ts'
import { typeCheck } from './type-check.ts'

const folder = join(repository, 'packages/raft-sim/mutants')

/** More than this many seeds, in the middle, and the simulation is too weak. */
const maxMedian = 200
/** How long a patch from elsewhere is hunted. */
const bounds: Readonly<Record<Kind, number>> = { core: 1000, node: 400 }

export const mutantsUsage = `npm run sim -- --mutants [--only NAME,NAME] | --patch FILE [--seeds N]

  --mutants      plant each known bug (packages/raft-sim/mutants) in a copy of the sources, and hunt it
  --only A,B     only these of them
  --patch FILE   plant any bug: a unified diff from the root of the repository; what it touches says who hunts it
  --seeds N      give up after so many seeds (default: what the mutant says; of a patch ${bounds.core} with cores, ${bounds.node} with nodes)
`

/** What was asked for, or undefined when it is not about mutants. Throws a RangeError that says what is wrong. */
export function parseMutantArguments(args: readonly string[]): MutantOptions | undefined {
  if (!args.some(arg => /^--(?:mutants|patch)(?:=|$)/.test(arg))) return undefined
  let only: readonly string[] | undefined
  let patch: string | undefined
  let seeds: number | undefined
  for (let i = 0; i < args.length; i++) {
    const [name, attached] = args[i]!.split('=', 2)
    if (name === '--mutants') continue
    const value = attached ?? args[++i]
    if (value === undefined || value === '') throw new RangeError(`${name} needs a value`)
    if (name === '--only') only = value.split(',')
    else if (name === '--patch') patch = value
    else if (name === '--seeds') seeds = Number(value)
    else throw new RangeError(`${name} does not go with --mutants or --patch`)
  }
  if (seeds !== undefined && !(Number.isSafeInteger(seeds) && seeds > 0)) throw new RangeError('--seeds takes a whole number from 1 on')
  if (patch !== undefined && (only !== undefined || args.includes('--mutants')))
    throw new RangeError('--patch hunts that patch alone: leave out --mutants and --only')
  return { only, patch, seeds }
}

export type MutantOptions = {
  readonly only: readonly string[] | undefined
  readonly patch: string | undefined
  readonly seeds: number | undefined
}

/** Resolves with the exit code: 0 when everything planted was found, 1 when something survived, 2 when it could not be tried. */
export async function runMutants(options: MutantOptions, terminal: Terminal, signal: AbortSignal): Promise<number> {
  try {
    if (options.patch === undefined) return await huntAll(options, terminal, signal)
    return await huntPatch(readPatch(options.patch), options.seeds, terminal, signal)
  } catch (error) {
    if (!(error instanceof PatchError)) throw error
    terminal.write(`${error.message}\n`)
    return 2
  }
}

async function huntPatch(patch: Patch, seeds: number | undefined, terminal: Terminal, signal: AbortSignal): Promise<number> {
  const copy = new SourceCopy(repository)
  const progress = new Progress(terminal)
  try {
    await copy.apply(patch)
    await typeCheck(copy.root)
    let tried = 0
    for (const kind of huntersOf(patch)) {
      const bound = seeds ?? bounds[kind]
      const onSeed = (seed: number) => progress.show(`${kind}: seed ${seed} of ${bound}`)
      const found = await hunt({ root: copy.root, kind, seeds: bound, processes: availableParallelism(), onSeed, signal })
      progress.clear()
      if (found !== undefined) {
        terminal.write(
          `  ${kind}, seed ${found.seed}: ${firstLine(found.message)}\nkilled after ${found.seed} seeds by ${found.invariant}\n`,
        )
        return 0
      }
      tried += bound
      terminal.write(`  ${kind}: nothing in ${bound} seeds\n`)
    }
    terminal.write(`survived ${tried} seeds\n`)
    return 1
  } finally {
    copy.remove()
  }
}

export type Outcome = { readonly mutant: Mutant; readonly found?: Catch | undefined; readonly problem?: string }

async function huntAll({ only, seeds }: MutantOptions, terminal: Terminal, signal: AbortSignal): Promise<number> {
  const mutants = chosen(only)
  const waiting = [...mutants]
  const outcomes: Outcome[] = []
  const progress = new Progress(terminal)
  const worker = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const { name } = mutant
      const outcome = await huntMutant({ ...mutant, seeds: seeds ?? mutant.seeds }, seed => progress.show(`${name}: seed ${seed}`), signal)
      outcomes.push(outcome)
      progress.clear()
      terminal.write(`${outcomes.length}/${mutants.length} ${outcomeLine(outcome)}\n`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return conclude(outcomes, terminal)
}

function conclude(outcomes: readonly Outcome[], terminal: Terminal): number {
  const caught = outcomes.flatMap(({ found }) => (found === undefined ? [] : [found.seed]))
  const broken = outcomes.filter(({ problem }) => problem !== undefined)
  const survived = outcomes.length - caught.length - broken.length
  const middle = median(caught)
  terminal.write(`\n${table(outcomes)}\n`)
  for (const { problem } of broken) terminal.write(`${problem}\n`)
  const tooSlow = middle > maxMedian ? `; the median may be ${maxMedian}` : ''
  const rest = [survived > 0 && `${survived} survived`, broken.length > 0 && `${broken.length} could not be tried`].filter(Boolean)
  terminal.write(
    `${caught.length} of ${outcomes.length} killed, median ${middle} seeds${tooSlow}${rest.map(text => `, ${text}`).join('')}\n`,
  )
  return caught.length === outcomes.length && tooSlow === '' ? 0 : 1
}

function chosen(only: readonly string[] | undefined): Mutant[] {
  const names = readdirSync(folder).flatMap(file => (file.endsWith('.patch') ? [file.slice(0, -'.patch'.length)] : []))
  const unknown = only?.filter(name => !names.includes(name)) ?? []
  if (unknown.length > 0) throw new PatchError(`no mutant is called ${unknown.join(', ')}; there are: ${names.sort().join(', ')}`)
  return (only ?? names.sort()).map(name => readMutant(join(folder, `${name}.patch`)))
}

async function huntMutant(mutant: Mutant, onSeed: (seed: number) => void, signal: AbortSignal): Promise<Outcome> {
  const copy = new SourceCopy(repository)
  try {
    await copy.apply(mutant)
    const { kind, seeds } = mutant
    return { mutant, found: await hunt({ root: copy.root, kind, seeds, processes: 1, onSeed, signal }) }
  } catch (error) {
    if (error instanceof PatchError) return { mutant, problem: error.message }
    throw error
  } finally {
    copy.remove()
  }
}

/** One line that is written over; on something that is no terminal, a line now and then. */
class Progress {
  readonly #terminal: Terminal
  #shownAt: number

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#shownAt = terminal.nowMs()
  }

  show(text: string): void {
    const { isInteractive, nowMs, write } = this.#terminal
    if (nowMs() - this.#shownAt < (isInteractive ? 200 : 10_000)) return
    this.#shownAt = nowMs()
    write(isInteractive ? `\r\x1b[2K  ${text}` : `  ${text}\n`)
  }
  clear(): void {
    if (this.#terminal.isInteractive) this.#terminal.write('\r\x1b[2K')
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!
}
