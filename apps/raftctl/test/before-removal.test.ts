import { expect, test } from 'vitest'
import { checkMajority } from '../src/cluster/before-removal.ts'
import { member, statusOf } from './support/fake-node.ts'

/** `+` answers, `-` does not; the first one is asked about. */
const members = (answers: string) =>
  [...answers].map((answer, at) => {
    const one = member(`n${at + 1}`, `n${at + 1}`)
    return { member: one, status: answer === '+' ? statusOf(one.id, []) : undefined, stranger: undefined }
  })

test.each([
  ['+', 'stops', 'goes'],
  ['++', 'stops', 'is refused'],
  ['++', 'leaves', 'goes'],
  ['+++', 'stops', 'goes'],
  ['++-', 'stops', 'is refused'],
  ['++-', 'leaves', 'is refused'],
  ['-++', 'leaves', 'goes'],
  ['+++-', 'stops', 'is refused'],
  ['+++-', 'leaves', 'goes'],
  ['++++-', 'stops', 'goes'],
  ['+++--', 'stops', 'is refused'],
] as const)('of %s the first one %s: %s', (answers, how, outcome) => {
  const check = () => checkMajority(members(answers), 'n1', how)
  if (outcome === 'goes') check()
  else expect(check).toThrow(/without n1 only \d of \d voters would answer.*--force/)
})

test('a learner can always go; who is no member cannot', () => {
  const [first, ...rest] = members('++-')
  const learner = first && { ...first, member: { ...first.member, voter: false } }
  checkMajority([...(learner ? [learner] : []), ...rest], 'n1', 'stops')
  expect(() => checkMajority(rest, 'n9', 'leaves')).toThrow('there is no member "n9": the members are n2, n3')
})
