import { noMembers } from 'raft-core'
import { expect, test } from 'vitest'
import { describeRecovery, type Recovery } from '../../src/recover/index.ts'

const oneVoter = { ...noMembers, voters: ['n1'] }
const done: Recovery = {
  isDryRun: false,
  nodeId: 'n1',
  clusterId: { before: 'aa', after: 'bb' },
  membership: { before: oneVoter, after: oneVoter },
  committed: 7,
  commits: [],
  last: { term: 2, index: 7 },
}

test('of a cluster of one: nobody else is spoken of', () => {
  expect(describeRecovery(done).split('\n')).toEqual([
    'This folder is a new cluster now:',
    '  cluster id    aa becomes bb: members of the old cluster are turned away',
    '  members       n1, as before',
    '  committed     this folder knew entries to be committed up to 7',
    '  commits       nothing more',
    '  lost          nothing: there was no other member. The log ends with entry 7 of term 2',
    'Next: start n1 with this folder. It leads a cluster of one, to which others can be added.',
  ])
})

test('of three, as it would be', () => {
  const membership = {
    before: { ...noMembers, voters: ['n1~2', 'n2', 'n3'] },
    after: { ...noMembers, voters: ['n1~2'], learners: ['n2~2', 'n3~2'] },
  }
  const commits = [
    { term: 2, index: 8, type: 'command', bytes: 1 },
    { term: 3, index: 9, type: 'empty', bytes: 0 },
  ] as const
  const dry = { ...done, isDryRun: true, nodeId: 'n1~2', clusterId: { before: 'aa', after: undefined }, membership, commits }
  expect(describeRecovery(dry).split('\n')).toEqual([
    'Nothing has been changed. A recovery of this folder would do this:',
    '  cluster id    aa becomes a new one: members of the old cluster are turned away',
    '  members       n1~2, n2, n3 become n1~2, n2~2 (learner), n3~2 (learner)',
    '  committed     this folder knew entries to be committed up to 7',
    '  commits       2 entries more, of which nobody can tell whether they were; then they count:',
    '                8@2 command, 1 byte',
    '                9@3 empty',
    '  lost          whatever was acknowledged after entry 7 of term 2 and is only with n2, n3',
    'After that: start n1 with this folder, and n2, n3 with empty folders, joining it: learners become voters once they have caught up.',
  ])
})

test('of very many entries the newest are shown', () => {
  const commits = Array.from({ length: 100_000 }, (_, at) => ({ term: 2, index: 8 + at, type: 'command' as const, bytes: 5 }))
  const lines = describeRecovery({ ...done, commits }).split('\n')
  expect(lines.length).toBeLessThan(30)
  expect(lines).toContain('                99980 older ones, and')
  expect(lines).toContain('                100007@2 command, 5 bytes')
})
