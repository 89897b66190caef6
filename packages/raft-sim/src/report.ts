import type { BatchResult, RunSeed } from './batch.ts'
import type { RunResult } from './core-simulation.ts'
import type { Coverage, Mark } from './coverage.ts'
import { marks } from './coverage.ts'
import { columns } from './journal.ts'

/** A failed run explains itself: runs it again and shows how it came to that. */
export async function explainViolation({ seed, failure }: RunResult, run: RunSeed, command: string): Promise<string> {
  const lines: string[] = []
  const again = await run(seed, line => {
    lines.push(line)
    if (lines.length > 2000) lines.splice(0, 1000)
  })
  const { step, invariant } = failure!
  // Told, it says more of where it comes from.
  const { message } = again.failure ?? failure!
  const same = again.failure?.step === step ? [] : ['(running it again did not show it: the same seed did not do the same)']
  return [
    `VIOLATION of ${invariant}: seed ${seed}, step ${step}`,
    indent(message),
    ...same,
    '',
    columns,
    ...lastEvents(lines, 30),
    '',
    `again: ${command} --seed ${seed} --trace`,
    '',
  ].join('\n')
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
  const { firstSeed, seeds, repeated, events, simulatedMs, wallMs, coverage } = result
  return [
    `seeds      ${seeds}, from ${firstSeed} to ${firstSeed + seeds - 1}; ${repeated} of them twice, to compare trace hashes`,
    `events     ${events}, ${rate(events, wallMs)} a second`,
    `simulated  ${duration(simulatedMs)} in ${(wallMs / 1000).toFixed(1)} s: ${Math.round(simulatedMs / wallMs)} times faster than real time`,
    `saw        ${coverageList(coverage)}`,
    '',
  ].join('\n')
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
