import { type Figure, type Metric, metrics } from '../figure.ts'
import { decimals, formatSpread, table } from '../format.ts'
import { spreadOf } from '../statistics.ts'

const two = decimals(2)

/** For people: a row for each figure, a column for each metric that any of them has, and what every process used. */
export function figuresTable(figures: readonly Figure[]): string {
  return table(figureRows(figures))
}

export function figureRows(figures: readonly Figure[]): string[][] {
  const shown = (Object.keys(metrics) as Metric[]).filter(metric => figures.some(({ samples }) => samples[metric] !== undefined))
  const processes = [...new Set(figures.flatMap(({ cores }) => Object.keys(cores)))]
  const head = ['median (min–max)', ...shown.map(metric => metrics[metric].title), ...processes.map(name => `${name} cores`), 'others']
  return [head, ...figures.map(figure => rowOf(figure, shown, processes))]
}

function rowOf({ name, samples, cores, foreignCores }: Figure, shown: readonly Metric[], processes: readonly string[]): string[] {
  const cell = (values: readonly number[] | undefined, format: (value: number) => string): string => {
    if (values === undefined || values.length === 0) return '–'
    const spread = spreadOf(values)
    return spread.min === spread.max ? format(spread.median) : formatSpread(spread, format)
  }
  const median = (values: readonly number[] | undefined): string => (values?.length ? two(spreadOf(values).median) : '–')
  return [
    name,
    ...shown.map(metric => cell(samples[metric], metrics[metric].format)),
    ...processes.map(process => median(cores[process])),
    median(foreignCores),
  ]
}
