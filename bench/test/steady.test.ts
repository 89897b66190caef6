import { expect, test } from 'vitest'
import type { Status } from '../src/cluster/kv-cluster.ts'
import { Leadership } from '../src/steady/leadership.ts'

const status = (term: number, leader: string | null): Status => ({
  role: 'follower',
  term,
  leader: leader === null ? null : { id: leader },
  commit: 1,
  applied: 1,
  members: [],
})

test('one leader in one term is no election, whoever does not answer', () => {
  const leadership = new Leadership('n1')
  leadership.look([status(2, 'n1'), undefined, status(2, 'n1')])
  leadership.look([status(2, 'n1'), status(2, null), status(2, 'n1')])
  expect(leadership.changes()).toEqual([])
  expect(leadership.summary()).toBe('n1 led in term 2 at each of 2 looks at all nodes (1 answers were late).')
})

test('a later term on any node, or another leader, is one', () => {
  const leadership = new Leadership('n1')
  leadership.look([status(2, 'n1'), status(2, 'n1')])
  leadership.look([status(2, 'n1'), status(3, 'n2')])
  expect(leadership.changes()).toEqual(['terms 2, 3', 'n2 led'])
})

test('nobody looked at proves nothing', () => {
  expect(() => new Leadership('n1').changes()).toThrow('no node has said')
})
