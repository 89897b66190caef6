import type { View } from '../output/render.ts'
import { table } from '../output/table.ts'
import { bytesText } from '../output/units.ts'
import type { ClusterReport, MemberReport } from './report.ts'

const columns: readonly (readonly [heading: string, cell: (member: MemberReport) => string])[] = [
  ['ID', ({ id }) => id],
  ['ADDRESS', ({ address }) => address],
  ['CLIENTS', ({ clientAddress }) => clientAddress || '-'],
  ['ROLE', ({ role }) => role],
  ['TERM', ({ term }) => number(term)],
  ['COMMIT', ({ commit }) => number(commit)],
  ['APPLIED', ({ applied }) => number(applied)],
  ['LAG', ({ lag }) => number(lag)],
  ['LAST CONTACT', ({ lastContactMs }) => (lastContactMs === null ? '-' : `${lastContactMs} ms`)],
  ['VERSION', ({ version }) => version ?? '-'],
  ['DISK', ({ diskBytes }) => (diskBytes === null ? '-' : bytesText(diskBytes))],
]

export const clusterView: View<ClusterReport> = {
  table: ({ members, summary }) => {
    const faults = members.flatMap(({ id, fault }) => (fault === null ? [] : [`${id} does not serve: ${fault}`]))
    const repairs = members.flatMap(({ id, repairs }) =>
      repairs === null ? [] : [`${id} counts for nothing until its log is repaired: ${repairs}`],
    )
    const full = members.flatMap(({ id, diskFull }) => (diskFull === null ? [] : [`${id} takes no writes: ${diskFull}`]))
    const rows = members.map(member => columns.map(([, cell]) => cell(member)))
    return [
      table(
        columns.map(([heading]) => heading),
        rows,
      ),
      ...faults,
      ...repairs,
      ...full,
      summary,
    ].join('\n')
  },
  rows: ({ members }) => members,
}

const number = (value: number | null): string => (value === null ? '-' : String(value))
