import { expect, test } from 'vitest'
import { ratioRows } from '../src/report/ratios-table.ts'

const theirs = new Map([
  ['one', [100, 300]],
  ['other', [200, 100]],
  ['no peer', [1_000, 1_000]],
])

test('ours to each, round by round, and to whoever was ahead in each', () => {
  const race = { name: '64 callers', ours: [300, 300], theirs, better: 'more' } as const
  const [head, row] = ratioRows('ours ÷ theirs', [race], ['one', 'other'])
  expect(head).toEqual(['ours ÷ theirs', 'one', 'other', 'no peer', 'the best peer'])
  expect(row).toEqual(['64 callers', '2.00 (1.00–3.00)', '2.25 (1.50–3.00)', '0.30 (0.30–0.30)', '1.25 (1.00–1.50)'])
})

test('where less is better, the best has the least', () => {
  const race = { name: 'p50', ours: [50, 50], theirs, better: 'less' } as const
  expect(ratioRows('', [race], ['one', 'other']).at(1)?.at(-1)).toBe('0.50 (0.50–0.50)')
})

test('who did not take part has a dash, and without peers there is no best', () => {
  const race = { name: 'reads', ours: [50], theirs: new Map([['ceiling', [100]]]), better: 'more' } as const
  expect(ratioRows('t', [race], ['one'])).toEqual([
    ['t', 'ceiling'],
    ['reads', '0.50'],
  ])
  const both = [race, { ...race, name: 'puts', theirs: new Map([['one', [25]]]) }]
  expect(ratioRows('t', both, ['one']).slice(1)).toEqual([
    ['reads', '0.50', '–', '–'],
    ['puts', '–', '2.00', '2.00'],
  ])
})
