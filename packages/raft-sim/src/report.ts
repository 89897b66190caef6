import type { BatchResult, RunSeed } from './batch.ts'
import type { RunResult } from './core-simulation.ts'
import type { Coverage, Mark } from './coverage.ts'
import { marks } from './coverage.ts'
import { columns } from './journal.ts'
import { shrink } from './shrink.ts'
import type { Simpler } from './simpler.ts'
import { isPlain } from './simpler.ts'

export type Explanation = {
  readonly run: RunSeed
  /** What repeats a run, without its seed. */
  readonly command: string
  /** Of the code, if known. */
  readonly revision: string | undefined
  /** Looks for a simpler run that fails the same way; takes some time. */
  readonly shrinks: boolean
  /** How the run differed from what its seed draws. */
  readonly simpler: Simpler
}

/** A failed run explains itself: runs it again, as simple as possible, and shows how it came to that. */
export async function explainViolation(failed: RunResult, { run, command, revision, shrinks, simpler }: Explanation): Promise<string> {
  const { seed, failure } = failed
  const again = (how: Simpler) => `${command} --seed ${seed}${optionsOf(how)} --trace`
  const shrunk = shrinks && isPlain(simpler) ? await shrink(failed, run) : { simpler, result: failed }
  const lines: string[] = []
  const print = (line: string) => {
    lines.push(line)
    if (lines.length > 2000) lines.splice(0, 1000)
  }
  const { failure: shown } = await run(seed, print, shrunk.simpler)
  const same = shown?.step === shrunk.result.failure?.step
  const left = shrunk.result.faults
  return [
    `VIOLATION of ${failure!.invariant}: seed ${seed}, step ${failure!.step}${revision === undefined ? '' : `, commit ${revision}`}`,
    indent(failure!.message),
    ...(same ? [] : ['(running it again did not show it: the same seed did not do the same)']),
    ...(shrunk.result === failed
      ? []
      : [`as simple as possible, at step ${shown?.step}, with ${left.length === 0 ? 'no fault' : left.join(', ')}:`]),
    ...(shown === undefined || shown.message === failure!.message ? [] : [indent(shown.message)]),
    '',
    columns,
    ...lastEvents(lines, 30),
    '',
    ...(shrunk.result === failed ? [] : [`simplest: ${again(shrunk.simpler)}`]),
    `again: ${again(simpler)}`,
    '',
  ].join('\n')
}

function optionsOf({ without, events }: Simpler): string {
  return `${without.length === 0 ? '' : ` --without ${without.join(',')}`}${events === undefined ? '' : ` --events ${events}`}`
}

/** The last events, each with the notes that belong to it; notes are set far in. */
function lastEvents(lines: readonly string[], count: number): string[] {
  let events = 0
  let start = lines.length
  while (start > 0 && events < count) if (!lines[--start]!.startsWith('        ')) events++
  return lines.slice(start)
}

export function progressLine({ seeds, events, wallMs, violations }: BatchResult): string {
  return `${Math.round(wallMs / 1000)} s: ${seeds} seeds, ${events} events, ${rate(events, wallMs)} events/s, ${violationCount(violations)}`
}

export function summary(result: BatchResult): string {
  const { firstSeed, seeds, repeated, events, fewestEvents, simulatedMs, wallMs, five, coverage } = result
  const fiveNodes = five.wallMs > 0 ? `; five nodes, by one process: ${Math.round(five.simulatedMs / five.wallMs)} times` : ''
  return [
    `seeds      ${seeds}, from ${firstSeed} to ${firstSeed + seeds - 1}; ${repeated} of them twice, to compare trace hashes`,
    `events     ${events}, ${rate(events, wallMs)} a second; no seed had fewer than ${fewestEvents}`,
    `simulated  ${duration(simulatedMs)} in ${(wallMs / 1000).toFixed(1)} s: ${Math.round(simulatedMs / wallMs)} times faster than real time${fiveNodes}`,
    `saw        ${coverageList(coverage)}`,
    '',
  ].join('\n')
}

/** Of the cluster to which nothing happens; a failure of it repeats with every run of this. */
export function healthyLines({ nodes, events, simulatedMs, coverage, failure }: RunResult, cpuMs: number): string {
  if (failure !== undefined)
    return `VIOLATION of ${failure.invariant} in a healthy cluster, step ${failure.step}\n${indent(failure.message)}\n`
  const did = `${coverage.count('committed write')} writes, ${coverage.count('linearizable read')} reads, ${events} events`
  const speed = `${duration(simulatedMs)} in ${(cpuMs / 1000).toFixed(1)} s of processor time: ${Math.round(simulatedMs / cpuMs)} times faster than real time`
  return `healthy    ${nodes} nodes without faults, one write and one read a second; ${did}\n           ${speed}\n`
}

export function coverageList(coverage: Coverage): string {
  const seen = marks.filter(mark => coverage.count(mark) > 0).map(mark => `${mark} ${coverage.count(mark)}`)
  return seen.join(', ').replaceAll(/(.{90,120}?), /g, '$1,\n           ')
}

/** The last line, for people and for scripts. */
export function verdict(
  { seeds, events, simulatedMs, coverage, violations }: BatchResult,
  mustSee: readonly Mark[],
): { text: string; ok: boolean } {
  const missing = mustSee.filter(mark => coverage.count(mark) === 0)
  const size = `${seeds} seed${seeds === 1 ? '' : 's'}, ${events} events, ${duration(simulatedMs)} simulated`
  if (violations === 0 && missing.length > 0) return { text: `${size}: proves nothing, it never saw: ${missing.join(', ')}`, ok: false }
  return { text: `${size}: ${violationCount(violations)}`, ok: violations === 0 }
}

function violationCount(count: number): string {
  return `${count} violation${count === 1 ? '' : 's'}`
}

function rate(events: number, wallMs: number): number {
  return Math.round((events / Math.max(1, wallMs)) * 1000)
}

function duration(ms: number): string {
  return ms < 600_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 3_600_000).toFixed(1)} h`
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
