import type { Outcome } from './cli.ts'

/** The middle of the sorted values; of an even number of them, the upper one. 0 of none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

export function outcomeLine({ mutant, found, problem }: Outcome): string {
  if (problem !== undefined) return `${mutant.name}: could not be tried`
  if (found === undefined) return `${mutant.name}: survived ${mutant.seeds} seeds`
  return `${mutant.name}: killed after ${found.seed} seeds by ${found.invariant}`
}

/** One row for each mutant, those that took longest last. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = [...outcomes].sort((a, b) => rank(a) - rank(b) || (a.mutant.name < b.mutant.name ? -1 : 1)).map(row)
  const lines = [['mutant', 'hunted by', 'seeds', 'caught by', 'what it plants'], ...rows]
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  return lines
    .map(
      line =>
        `${line
          .map((text, column) => text.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function rank({ found, problem }: Outcome): number {
  return found?.seed ?? (problem === undefined ? Number.MAX_SAFE_INTEGER - 1 : Number.MAX_SAFE_INTEGER)
}

function row({ mutant: { name, kind, seeds, bug }, found, problem }: Outcome): string[] {
  const caught = problem === undefined ? (found?.invariant ?? 'SURVIVED') : 'NOT TRIED'
  return [name, kind, found === undefined ? `> ${seeds}` : `${found.seed}`, caught, bug]
}
