import { marks, required } from '../../src/coverage.ts'
import { allInvariants } from '../../src/invariants/index.ts'
import { promises } from '../../src/invariants/promises.ts'

/** Everything that must hold, and where it is checked. */
export function promised(): readonly {
  readonly name: string
  readonly section: string
  readonly paper: string
  readonly statement: string
  readonly file: string
}[] {
  return [
    ...allInvariants.map(({ name, section, paper, statement }) => ({ name, section, paper, statement, file: `invariants/${name}.ts` })),
    ...promises,
  ]
}

function invariantsTable(): string {
  const rows = promised().map(({ name, paper, statement, file }) => [`\`${name}\``, statement, paper, `\`${file}\``])
  return tableOf(['invariant', 'what must hold', 'Raft paper, thesis', 'in `packages/raft-sim/src`'], rows)
}

function marksTable(): string {
  const others = marks.filter(mark => !required.some(one => one === mark))
  return tableOf(
    ['mark', 'situations'],
    [
      ['every batch must see', required.join(', ')],
      ['counted', others.join(', ')],
    ],
  )
}

/** Columns as wide as their widest cell, as the formatter wants them. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** The document with both tables put between their markers. */
export function withTables(document: string): string {
  return Object.entries({ invariants: invariantsTable(), marks: marksTable() }).reduce((text, [name, table]) => {
    const [start, end] = [`<!-- ${name}: generated -->`, `<!-- ${name}: end -->`]
    const [before, rest] = text.split(start)
    const after = rest?.split(end)[1]
    if (before === undefined || after === undefined) throw new Error(`docs/testing.md has no ${start} … ${end}`)
    return `${before}${start}\n\n${table}\n\n${end}${after}`
  }, document)
}
