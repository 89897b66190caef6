import { decimals, formatSpread, table, whole } from '../format.ts'
import { ratiosOf, spreadOf } from '../statistics.ts'
import type { StoreSample } from './sample.ts'

/** `flush`: as many bytes written and flushed with no store around them. */
export type Round = { readonly level: StoreSample; readonly wal: StoreSample; readonly flush: StoreSample }
/** `batch`: entries in one save. */
export type BatchResult = { readonly batch: number; readonly rounds: readonly Round[] }

export type StoresResult = {
  readonly warmUp: number
  readonly seconds: number
  readonly folder: string
  readonly results: readonly BatchResult[]
}

const names = ['level', 'wal', 'flush'] as const

export function reportOf({ warmUp, seconds, folder, results }: StoresResult): string {
  const method = [
    `256-byte entries, one save at a time in ${folder}, compacted to the newest 5,000 every 5,000 entries.`,
    `Each sample is a process of its own: ${warmUp} s to warm up, then ${seconds} s; level, wal, flush in turn, ${results[0]?.rounds.length} times.`,
    'flush: as many bytes written and flushed with no store around them.',
  ]
  const head = ['median (min–max)', 'entries a second', 'save p50 µs', 'save p99 µs', 'CPU µs an entry', 'cores in use', 'wal / level']
  return `${method.join('\n')}\n\n${table([head, ...results.flatMap(rowsOf)])}`
}

function rowsOf({ batch, rounds }: BatchResult): string[][] {
  const rows = names.map(name => {
    const samples = rounds.map(round => round[name])
    return [`  ${name}`, ...cells(samples, batch), name === 'wal' ? ratio(rounds) : '']
  })
  return [[batch === 1 ? '1 entry a save' : `${batch} entries a save`], ...rows]
}

function cells(samples: readonly StoreSample[], batch: number): string[] {
  const spread = (value: (sample: StoreSample) => number, format: (value: number) => string) =>
    formatSpread(spreadOf(samples.map(value)), format)
  return [
    spread(({ rate }) => rate, whole),
    spread(({ p50 }) => p50, whole),
    spread(({ p99 }) => p99, whole),
    spread(({ cpuSeconds, saves }) => (cpuSeconds * 1e6) / (saves * batch), decimals(2)),
    spread(({ cpuSeconds, seconds }) => cpuSeconds / seconds, decimals(2)),
  ]
}

function ratio(rounds: readonly Round[]): string {
  const rates = (name: 'wal' | 'level') => rounds.map(round => round[name].rate)
  return formatSpread(spreadOf(ratiosOf(rates('wal'), rates('level'))), decimals(2))
}
