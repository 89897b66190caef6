import type { SnapshotSummary } from 'kv-server/snapshot'
import { bytesText } from '../output/units.ts'

export type SnapshotReport = SnapshotSummary & { readonly file: string }

export function snapshotText(report: SnapshotReport): string {
  const lines: readonly (readonly [string, string])[] = [
    ['FILE', report.file],
    ['VERDICT', 'whole: the checksum is right'],
    ['REVISION', String(report.revision)],
    ['KEYS', `${report.keys}${report.leasedKeys > 0 ? ` (${report.leasedKeys} of them with a lease: a restore leaves those out)` : ''}`],
    ['DATA', `${bytesText(report.dataBytes)}, the largest value ${bytesText(report.largestValueBytes)}`],
    ['SIZE', bytesText(report.bytes)],
  ]
  return lines.map(([name, value]) => `${name.padEnd(10)}${value}`).join('\n')
}
