import { describeBounds } from './bounds.ts'
import type { Rung } from './ladder.ts'
import { ladder } from './ladder.ts'
import type { Progress, SearchResult } from './search.ts'
import { search } from './search.ts'
import { transcript } from './transcript.ts'

/** What the command prints to, and its clock. */
export type Terminal = { readonly write: (text: string) => void; readonly nowMs: () => number }

export type CheckOptions = {
  readonly full: boolean
  readonly bound: string | undefined
  readonly seconds: number | undefined
  readonly replay: readonly number[] | undefined
}

export const usage = `npm run check -- [--full] [--bound NAME] [--seconds N] [--replay N,N,…]

  --full       go on to the bounds that take longer
  --bound NAME search this one alone: ${ladder.map(({ name }) => name).join(', ')}
  --seconds N  stop each bound after so long, and say how deep it went (default 600 where the end is not known)
  --replay N,… with --bound: do these steps once more and say what happens
`

/** Throws a RangeError that says what is wrong with the arguments. */
export function parseArguments(args: readonly string[]): CheckOptions {
  const values = new Map<string, string>()
  let full = false
  for (let i = 0; i < args.length; i++) {
    const [name, attached] = args[i]!.split('=', 2)
    if (name === '--full') full = true
    else if (name === '--bound' || name === '--seconds' || name === '--replay') values.set(name, attached ?? args[++i] ?? '')
    else throw new RangeError(`unknown argument ${args[i]}`)
  }
  const bound = values.get('--bound')
  if (bound !== undefined && !ladder.some(({ name }) => name === bound)) throw new RangeError(`no bound is called ${bound}`)
  const seconds = values.has('--seconds') ? Number(values.get('--seconds')) : undefined
  if (seconds !== undefined && !(seconds > 0)) throw new RangeError('--seconds needs a number above 0')
  const replay = values.get('--replay')?.split(',').map(Number)
  if (replay !== undefined && bound === undefined) throw new RangeError('--replay needs the bound that it belongs to: --bound NAME')
  if (replay?.some(step => !Number.isSafeInteger(step) || step < 0))
    throw new RangeError('--replay takes numbers, as a search has printed them')
  return { full, bound, seconds, replay }
}

/** Runs what the arguments ask for; returns the exit code. */
export function runCheck(options: CheckOptions, terminal: Terminal): number {
  const { full, bound, replay } = options
  const rungs = ladder.filter(rung => (bound === undefined ? full || !rung.full : rung.name === bound))
  if (replay !== undefined) {
    for (const line of transcript({ bounds: rungs[0]!.bounds }, replay)) terminal.write(`${line}\n`)
    return 0
  }
  terminal.write(columns)
  const faults = { violations: 0, surprises: 0 }
  for (const rung of rungs) climb(rung, options.seconds, terminal, faults)
  const surprises = faults.surprises === 0 ? '' : `, ${faults.surprises} with other counts than recorded`
  terminal.write(`\n${faults.violations} violations in ${rungs.length} bounds${surprises}\n`)
  return faults.violations + faults.surprises === 0 ? 0 : 1
}

function climb(rung: Rung, given: number | undefined, { write, nowMs }: Terminal, faults: { violations: number; surprises: number }): void {
  const { name, bounds } = rung
  const seconds = given ?? (isOpen(rung) ? openSeconds : undefined)
  const startedAt = nowMs()
  const isEnough = () => seconds !== undefined && nowMs() - startedAt >= seconds * 1000
  const result = search({ bounds, isEnough })
  const took = (nowMs() - startedAt) / 1000
  write(`${name.padEnd(12)} ${describeBounds(bounds)}\n${measured(result, took)}\n`)
  if (result.failure !== undefined) {
    faults.violations++
    write(explanation(rung, result.failure))
    return
  }
  const surprise = surpriseIn(rung, result)
  if (surprise === undefined) return
  faults.surprises++
  write(`${indent}NOT AS RECORDED: ${surprise}\n`)
}

const indent = ' '.repeat(13)
const columns = `${indent}${['generated', 'distinct', 'depth', 'seconds', 'distinct/s', 'core runs'].map(title => title.padStart(11)).join('')}\n`

function measured({ generated, distinct, depth, runs, exhausted }: SearchResult, seconds: number): string {
  const numbers = [generated, distinct, depth, seconds.toFixed(1), Math.round(distinct / seconds), runs]
  return `${indent}${numbers.map(number => String(number).padStart(11)).join('')}${exhausted ? '  exhausted' : '  stopped'}`
}

/** What differs from the record; a search that was stopped is compared as deep as it went. */
export function surpriseIn({ golden }: Pick<Rung, 'golden'>, result: SearchResult): string | undefined {
  const { generated, distinct, depth, exhausted, levels } = result
  if (isOpen({ golden }) && golden.depth < levels.length) {
    const there = distinctTo(levels, golden.depth)
    return there === golden.distinct ? undefined : `${there} distinct states to depth ${golden.depth}, recorded ${golden.distinct}`
  }
  if (!exhausted) return undefined
  if (generated === golden.generated && distinct === golden.distinct && depth === golden.depth) return undefined
  return `recorded are ${golden.generated} generated, ${golden.distinct} distinct, depth ${golden.depth}`
}

/** It was never exhausted, so it is not tried for ever. */
function isOpen({ golden }: Pick<Rung, 'golden'>): boolean {
  return golden.generated === undefined
}
const openSeconds = 600
function distinctTo(levels: Progress['levels'], depth: number): number {
  return levels.slice(0, depth + 1).reduce((sum, count) => sum + count, 0)
}

function explanation({ name, bounds }: Rung, { invariant, message, path }: NonNullable<SearchResult['failure']>): string {
  const steps = path.length === 0 ? [] : [`in ${path.length} steps, and in no fewer:`, ...transcript({ bounds }, path)]
  const again = path.length === 0 ? `npm run check -- --bound ${name}` : `npm run check -- --bound ${name} --replay ${path.join(',')}`
  return `\nVIOLATION of ${invariant}: ${message}\n${[...steps, again].join('\n')}\n\n`
}
