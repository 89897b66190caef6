import { expect, test } from 'vitest'
import { quantile } from '../src/statistics.ts'
import { reportOf } from '../src/stores/report.ts'

const sample = (rate: number) => ({ saves: rate, seconds: 1, rate, p50: 100, p99: 900, cpuSeconds: 0.5 })

test('the report sets the stores side by side, round by round', () => {
  const rounds = [1, 2, 3].map(factor => ({ level: sample(1000 * factor), wal: sample(1500 * factor), flush: sample(2000) }))
  const text = reportOf({ warmUp: 1, seconds: 3, folder: '/tmp', results: [{ batch: 1, rounds }] })
  expect(text).toMatch(/level +2,000 \(1,000–3,000\) +100 \(100–100\) +900/)
  expect(text).toMatch(/wal +3,000 .* 1\.50 \(1\.50–1\.50\)/)
})

test('a quantile is one of the values', () => {
  const values = Array.from({ length: 100 }, (_, i) => i + 1)
  expect([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1), quantile([7], 0.99)]).toEqual([51, 100, 100, 7])
})
