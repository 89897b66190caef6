import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MemberChange } from '../src/log/entry.ts'
import { type ChangeResult, changeMembership, changeSimply, enterJoint, leaveJoint } from '../src/membership/change.ts'
import { type Membership, memberIds, membershipFault, noMembers } from '../src/membership/membership.ts'

const ids = ['n1', 'n2', 'n3', 'n4', 'n5']
const three: Membership = { ...noMembers, voters: ['n1', 'n2', 'n3'] }

const change: fc.Arbitrary<MemberChange> = fc.record(
  { type: fc.constantFrom('voter', 'learner', 'remove', 'update'), id: fc.constantFrom(...ids), promote: fc.boolean() },
  { requiredKeys: ['type', 'id'] },
)
const changes = fc.array(change, { maxLength: 6 })
/** What any history of changes leads to. */
const membership = fc.array(fc.tuple(fc.constantFrom('simple', 'joint', 'leave'), changes, fc.boolean()), { maxLength: 8 }).map(history => {
  let current: Membership = { ...noMembers, voters: ['n1'] }
  for (const [how, list, autoLeave] of history) current = taken(apply(current, how, list, autoLeave)) ?? current
  return current
})

function apply(from: Membership, how: string, list: readonly MemberChange[], autoLeave: boolean): ChangeResult {
  if (how === 'simple') return changeSimply(from, list)
  return how === 'joint' ? enterJoint(from, list, autoLeave) : leaveJoint(from)
}

function taken(result: ChangeResult): Membership | undefined {
  return result.ok ? result.membership : undefined
}

describe('one change at a time (thesis §4.1)', () => {
  test.for<[string, MemberChange[], Partial<Membership> | undefined]>([
    ['adds a voter', [{ type: 'voter', id: 'n4' }], { voters: ['n1', 'n2', 'n3', 'n4'] }],
    ['removes a voter', [{ type: 'remove', id: 'n2' }], { voters: ['n1', 'n3'] }],
    [
      'adds learners, any number',
      [
        { type: 'learner', id: 'n5' },
        { type: 'learner', id: 'n4' },
      ],
      { learners: ['n4', 'n5'] },
    ],
    ['demotes a voter at once', [{ type: 'learner', id: 'n3' }], { voters: ['n1', 'n2'], learners: ['n3'] }],
    ['asks for promotion', [{ type: 'learner', id: 'n4', promote: true }], { learners: ['n4'], promoting: ['n4'] }],
    ['changes nothing on an update', [{ type: 'update', id: 'n2' }], {}],
    ['ignores the removal of a stranger', [{ type: 'remove', id: 'n9' }], {}],
    [
      'refuses two voters',
      [
        { type: 'voter', id: 'n4' },
        { type: 'voter', id: 'n5' },
      ],
      undefined,
    ],
    [
      'refuses a swap',
      [
        { type: 'voter', id: 'n4' },
        { type: 'remove', id: 'n3' },
      ],
      undefined,
    ],
  ])('%s', ([, list, expected]) => {
    expect(taken(changeSimply(three, list))).toEqual(expected && { ...three, ...expected })
  })

  test('the last voter stays', () => {
    expect(changeSimply({ ...noMembers, voters: ['n1'] }, [{ type: 'remove', id: 'n1' }]).ok).toBe(false)
  })

  test('every majority before meets every majority after', () => {
    fc.assert(
      fc.property(membership, changes, (before, list) => {
        const after = taken(changeSimply(before, list))
        fc.pre(after !== undefined)
        const all = new Set([...before.voters, ...after.voters])
        const majority = (voters: readonly string[]) => (voters.length >> 1) + 1
        expect(majority(before.voters) + majority(after.voters)).toBeGreaterThan(all.size)
      }),
    )
  })
})

describe('joint changes (§6)', () => {
  test('the old voters stay until it is left, those demoted become learners then', () => {
    const list: MemberChange[] = [
      { type: 'voter', id: 'n4' },
      { type: 'remove', id: 'n2' },
      { type: 'learner', id: 'n3' },
    ]
    const joint = taken(enterJoint(three, list, true))
    expect(joint).toEqual({ ...three, voters: ['n1', 'n4'], outgoing: ['n1', 'n2', 'n3'], learnersNext: ['n3'], autoLeave: true })
    expect(joint && taken(leaveJoint(joint))).toEqual({ ...three, voters: ['n1', 'n4'], learners: ['n3'] })
  })

  test('cannot be entered twice, nor left twice', () => {
    const joint = taken(enterJoint(three, [{ type: 'voter', id: 'n4' }], false)) ?? three
    expect(enterJoint(joint, [], false).ok).toBe(false)
    expect(changeSimply(joint, [{ type: 'voter', id: 'n5' }]).ok).toBe(false)
    expect(leaveJoint(three).ok).toBe(false)
  })
})

describe('any history of changes', () => {
  test('leads to a membership that a snapshot may carry', () => {
    fc.assert(
      fc.property(membership, current => {
        expect(membershipFault(current)).toBeUndefined()
      }),
    )
  })

  test('keeps the lists sorted, without repeats, and apart', () => {
    fc.assert(
      fc.property(membership, ({ voters, outgoing, learners, learnersNext, promoting }) => {
        for (const list of [voters, outgoing, learners, learnersNext, promoting]) expect(list).toEqual([...new Set(list)].sort())
        expect(voters.length).toBeGreaterThan(0)
        expect(learners.filter(id => voters.includes(id) || outgoing.includes(id))).toEqual([])
        expect(learnersNext.filter(id => !outgoing.includes(id) || voters.includes(id))).toEqual([])
        expect(promoting.filter(id => !learners.includes(id) && !learnersNext.includes(id))).toEqual([])
      }),
    )
  })

  test('is only ever joint with the voters it had before', () => {
    fc.assert(
      fc.property(membership, changes, fc.boolean(), (before, list, autoLeave) => {
        const joint = taken(enterJoint(before, list, autoLeave))
        fc.pre(joint !== undefined)
        expect(joint).toMatchObject({ outgoing: before.voters, autoLeave })
        expect(taken(leaveJoint(joint))).toMatchObject({ voters: joint.voters, outgoing: [], learnersNext: [], autoLeave: false })
      }),
    )
  })

  test('forgets what was known of a member only if it was removed and added again', () => {
    fc.assert(
      fc.property(membership, changes, (before, list) => {
        const result = changeMembership(before, { transition: 'explicit', changes: list, context: undefined })
        fc.pre(result.ok)
        for (const id of result.fresh) {
          expect(list.filter(one => one.id === id).map(one => one.type)).toContain('remove')
          // Whoever has a vote in the old majority is never gone.
          expect(before.voters).not.toContain(id)
          expect(memberIds(result.membership)).toContain(id)
        }
      }),
    )
    const learner: Membership = { ...noMembers, voters: ['n2'], learners: ['n1'] }
    const again = (['remove', 'voter', 'learner'] as const).map(type => ({ type, id: 'n1' }))
    expect(enterJoint(learner, again, false)).toMatchObject({ ok: true, fresh: ['n1'] })
  })

  test('a change that is refused says why', () => {
    fc.assert(
      fc.property(membership, changes, (before, list) => {
        const result = changeSimply(before, list)
        if (!result.ok) expect(result.reason).not.toBe('')
      }),
    )
  })
})
