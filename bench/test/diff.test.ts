import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diff } from '../src/diff/diff.ts'
import { compareFigures, isWorse } from '../src/diff/differences.ts'
import type { Figure, Metric } from '../src/figure.ts'
import { Progress } from '../src/progress.ts'

const progress = new Progress(process.stderr)

test('which way is better depends on what is measured', () => {
  const [rate, latency] = compareFigures([figure({ perSecond: [100], p50: [10] })], [figure({ perSecond: [50], p50: [5] })])
  expect([rate?.gain, rate && isWorse(rate)]).toEqual([0.5, true])
  expect([latency?.gain, latency && isWorse(latency)]).toEqual([2, false])
})

test('runs that lie far apart are no proof', () => {
  const [difference] = compareFigures([figure({ perSecond: [100, 60, 110] })], [figure({ perSecond: [70, 72, 71] })])
  expect(difference?.gain).toBe(0.71)
  expect(difference && isWorse(difference)).toBe(false)
})

test('no errors before and none after is no change; from none to some is worse', () => {
  const [same] = compareFigures([figure({ errors: [0] })], [figure({ errors: [0] })])
  expect(same && [same.gain, isWorse(same)]).toEqual([1, false])
  const [more] = compareFigures([figure({ errors: [0] })], [figure({ errors: [7] })])
  expect(more && isWorse(more)).toBe(true)
})

test('figures of one side only are left out', () => {
  expect(compareFigures([figure({ perSecond: [1] }, 'a')], [figure({ perSecond: [1] }, 'b')])).toEqual([])
})

test('two files of results', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-diff-'))
  try {
    const file = (name: string, figures: readonly Figure[]): string => {
      const path = join(folder, name)
      writeFileSync(path, JSON.stringify({ benchmark: 'http', text: '', figures }))
      return path
    }
    const [before, after] = [file('a.json', [figure({ perSecond: [1000] })]), file('b.json', [figure({ perSecond: [500] })])]
    const request = { ask: 'diff', before, after, quick: false, times: undefined, minutes: undefined, url: undefined } as const
    const { text, slower } = await diff(request, progress)
    expect(slower).toBe(true)
    expect(text).toMatch(/puts +per second.*1,000.*500.*0\.50 +worse/)
    expect((await diff({ ...request, after: before }, progress)).slower).toBe(false)

    await expect(diff({ ...request, after: 'no-such-file' }, progress)).rejects.toThrow(/no-such-file is no file/)
    writeFileSync(after, '{}')
    await expect(diff(request, progress)).rejects.toThrow(/is no result/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function figure(samples: Partial<Record<Metric, readonly number[]>>, name = 'puts'): Figure {
  return { name, series: name, at: 1, samples, cores: {}, foreignCores: [0] }
}
