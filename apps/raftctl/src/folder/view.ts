import type { View } from '../output/render.ts'
import { table } from '../output/table.ts'
import type { FolderReport } from './report.ts'

/** For csv: the entries where they were asked for, else the terms. */
export const folderView: View<FolderReport> = {
  table: report =>
    [head(report), log(report), watermarks(report), snapshots(report), entries(report)].filter(part => part !== '').join('\n\n'),
  rows: ({ entries, log }) => entries ?? log.terms,
}

function head({ dir, logStore, verdict, damage, identity, term, vote, commit }: FolderReport): string {
  const lines = [
    ['FOLDER', dir],
    ['LOG STORE', logStore],
    ['VERDICT', verdict],
    ...(damage === null ? [] : [['DAMAGE', damage]]),
    ['NODE', identity?.nodeId ?? '-'],
    ['CLUSTER', identity?.clusterId || '-'],
    ['INCARNATION', identity?.incarnation ?? '-'],
    ['TERM', String(term)],
    ['VOTE', vote ?? '-'],
    ['COMMIT', String(commit)],
  ]
  return lines.map(([name, value]) => `${name?.padEnd(13)}${value}`).join('\n')
}

function log({ log: { count, terms } }: FolderReport): string {
  if (count === 0) return 'no entries'
  const rows = terms.map(({ term, first, last, bytes }) => [term, first, last, last - first + 1, bytes].map(String))
  return table(['TERM', 'FIRST', 'LAST', 'ENTRIES', 'BYTES'], rows)
}

function watermarks({ watermarks: copies }: FolderReport): string {
  const rows = copies.map(copy =>
    copy.state === 'whole'
      ? [copy.file, copy.repairing ? 'repairing' : 'whole', ...[copy.term, copy.vote ?? '-', copy.index, copy.counter].map(String)]
      : [copy.file, copy.state, '-', '-', '-', '-'],
  )
  return table(['WATERMARK', 'STATE', 'TERM', 'VOTE', 'INDEX', 'COUNTER'], rows)
}

function snapshots({ snapshots: files }: FolderReport): string {
  if (files.length === 0) return 'no snapshots'
  const rows = files.map(({ file, index, term, bytes, voters, damage }) => [
    file,
    ...[index, term, bytes].map(String),
    voters.join(' ') || '-',
    damage ?? 'whole',
  ])
  return table(['SNAPSHOT', 'INDEX', 'TERM', 'BYTES', 'VOTERS', 'STATE'], rows)
}

function entries({ entries: list }: FolderReport): string {
  if (list === undefined) return ''
  const rows = list.map(({ index, term, type, bytes }) => [String(index), String(term), type, String(bytes)])
  return table(['INDEX', 'TERM', 'TYPE', 'BYTES'], rows)
}
