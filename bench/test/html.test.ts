import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Figure } from '../src/figure.ts'
import { thisMachine } from '../src/machine.ts'
import { plotSvg } from '../src/report/plot.ts'
import { type Result, writeResult } from '../src/report/result.ts'

const figures: readonly Figure[] = [1, 16, 64].map(at => ({
  name: `puts, ${at} <b>`,
  series: 'a & b',
  at,
  samples: { perSecond: [1000 * at], p99: [at] },
  cores: { leader: [0.5] },
  foreignCores: [0.1],
}))
const result: Result = {
  benchmark: 'http',
  about: 'writes',
  started: '2026-01-02T03:04:05.000Z',
  quick: false,
  machine: { ...(await thisMachine()), busyCores: 3 },
  conditions: { flush: { p50: 120, p99: 200 }, loopback: { p50: 90, p99: 180 }, durability: 'every node flushes' },
  text: 'as printed',
  figures,
  plots: [{ title: 'Writes', x: 'connections', y: 'perSecond', figures }],
}

test('more is higher, and further is further right', () => {
  const circles = [...plotSvg(result.plots![0]!).matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="3"/g)]
  const [xs, ys] = [circles.map(circle => Number(circle[1])), circles.map(circle => Number(circle[2]))]
  expect(xs).toEqual([...xs].sort((a, b) => a - b))
  expect(ys).toEqual([...ys].sort((a, b) => b - a))
  expect(circles).toHaveLength(3)
})

test('a plot without a figure is none', () => {
  expect(plotSvg({ title: 'Nothing', x: 'connections', y: 'gapMs', figures })).toBe('')
})

test('the page holds every result of the folder, says how it was measured, and loads nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-report-'))
  try {
    writeFileSync(join(folder, 'old.json'), '{"of":"another version"}')
    writeResult(folder, { ...result, benchmark: 'reads' })
    const { json, html } = writeResult(folder, result)
    const page = readFileSync(html, 'utf8')
    expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(JSON.parse(JSON.stringify(result)))
    for (const text of [
      'id="http"',
      'id="reads"',
      'fdatasync p50 / p99 120 / 200 µs',
      'every node flushes',
      'This machine is busy',
      '<svg',
    ])
      expect(page).toContain(text)
    expect(page).toContain('puts, 1 &lt;b&gt;')
    expect(page).not.toMatch(/<script|src=|href="(?!#)|url\(|@import/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
