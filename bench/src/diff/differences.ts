import { type Figure, type Metric, metrics } from '../figure.ts'
import { decimals, formatSpread, table } from '../format.ts'
import { type Spread, spreadOf } from '../statistics.ts'

export type Difference = {
  readonly name: string
  readonly metric: Metric
  readonly before: Spread
  readonly after: Spread
  /** Above 1: better, whichever way the metric counts. */
  readonly gain: number
}

/** What single runs on a machine for nothing else differ by all the same. */
const noise = 0.1
/** Too few of them happen in a run to say anything. */
const leftOut: readonly Metric[] = ['p999', 'max']

/** Figures are the same when they have the same name; those that only one side has are left out. */
export function compareFigures(before: readonly Figure[], after: readonly Figure[]): Difference[] {
  return before.flatMap(old => {
    const now = after.find(({ name }) => name === old.name)
    return now === undefined ? [] : (Object.keys(metrics) as Metric[]).flatMap(metric => difference(old, now, metric))
  })
}

function difference(old: Figure, now: Figure, metric: Metric): Difference[] {
  const [one, other] = [old.samples[metric], now.samples[metric]]
  if (!one?.length || !other?.length || leftOut.includes(metric)) return []
  const [before, after] = [spreadOf(one), spreadOf(other)]
  if (before.median === after.median) return [{ name: old.name, metric, before, after, gain: 1 }]
  const ratio = after.median / before.median
  return [{ name: old.name, metric, before, after, gain: metrics[metric].better === 'more' ? ratio : 1 / ratio }]
}

/** By more than the noise, and not just because runs lie far apart: no run after it was as good as the worst before. */
export function isWorse({ gain, metric, before, after }: Difference): boolean {
  if (gain >= 1 - noise) return false
  return metrics[metric].better === 'more' ? after.max < before.min : after.min > before.max
}

export function differencesTable(differences: readonly Difference[], before: string, after: string): string {
  const rows = differences.map(each => {
    const { title, format } = metrics[each.metric]
    const verdict = isWorse(each) ? 'worse' : each.gain > 1 + noise ? 'better' : ''
    return [each.name, title, formatSpread(each.before, format), formatSpread(each.after, format), decimals(2)(each.gain), verdict]
  })
  return table([['median (min–max)', '', before, after, 'gain', ''], ...rows])
}
