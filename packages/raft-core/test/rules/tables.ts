import { rules } from './rules.ts'
import type { Transcript } from './transcripts.ts'

/** Options where we differ from etcd, or from the safest value: what transcripts show with the other one. */
export const options: Readonly<Record<string, string>> = {
  preVote: 'false',
  checkQuorum: 'false',
  stepDownOnRemoval: 'false',
  voteRequestsAwaitSave: 'false',
  untakenChange: 'append-empty',
  checkMembershipChanges: 'false',
  replicationSessions: 'false',
  refusalsTellCommit: 'false',
  nonVotersTellTerm: 'false',
  unconfirmedReads: 'drop',
  transferChecksLog: 'false',
  snapshotsMustNameNode: 'true',
  forwardProposals: 'true',
  readMode: 'unbounded-lease',
  leaseDuration: '8',
  overlapping: 'true',
}

/** Which transcripts and tests show a rule, or why none does. */
function rulesTable(transcripts: readonly Transcript[]): string {
  const rows = Object.entries(rules).map(([number, { rule, tests = [], because }]) => {
    const shown = transcripts.filter(one => one.rules.includes(Number(number))).map(({ name }) => name)
    const elsewhere = tests.map(path => path.replace(/^packages\//, '').replace(/\.test\.ts$/, ''))
    const where = [...shown, ...elsewhere].map(name => `\`${name}\``).join(', ')
    return [number, rule, [where, because].filter(part => part).join('; ')]
  })
  return tableOf(['#', 'rule', 'shown by'], rows)
}

function optionsTable(transcripts: readonly Transcript[]): string {
  const rows = Object.entries(options).map(([name, other]) => {
    const names = transcripts.filter(one => one.options.get(name) === other).map(one => `\`${one.name}\``)
    const shown = names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
    return [`\`${name}\``, `\`${other}\``, shown]
  })
  return tableOf(['option', 'other value', 'shown by'], rows)
}

/** Columns as wide as their widest cell, as the formatter wants them. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map(row => row[column]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** The document with both tables put between their markers. */
export function withTables(document: string, transcripts: readonly Transcript[]): string {
  const tables = { rules: rulesTable(transcripts), options: optionsTable(transcripts) }
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [start, end] = [`<!-- ${name}: generated -->`, `<!-- ${name}: end -->`]
    const [before, rest] = text.split(start)
    const after = rest?.split(end)[1]
    if (before === undefined || after === undefined) throw new Error(`docs/testing.md has no ${start} … ${end}`)
    return `${before}${start}\n\n${table}\n\n${end}${after}`
  }, document)
}
