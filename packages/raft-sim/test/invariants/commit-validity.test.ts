import { describe, test } from 'vitest'
import { commitValidity } from '../../src/invariants/commit-validity.ts'
import { command, type History, membershipOf } from './history.ts'
import { expectViolation } from './violations.ts'

describe('commit validity', () => {
  const written = (h: History) => h.leads('n1', 2).appends('n1', command(2, 2))
  test('a commit that only the leader has on disk', () => {
    expectViolation(
      commitValidity,
      h => written(h).saves('n1').appends('n2', command(2, 2)).becomes('n1', { commit: 2 }),
      /no majority has on disk/,
    )
  })
  test('a commit that a learner was counted for', () => {
    const told = (h: History) => written(h).saves('n1').appends('n4', command(2, 2)).saves('n4').becomes('n1', { commit: 2 })
    expectViolation(commitValidity, told, /no majority has on disk/, membershipOf(['n1', 'n2'], { learners: ['n3'] }))
  })
  test('a joint commit that only one majority has', () => {
    const joint = membershipOf(['n1', 'n2', 'n3'], { outgoing: ['n1', 'n4'] })
    expectViolation(
      commitValidity,
      h => written(h).saves('n1').appends('n2', command(2, 2)).saves('n2').becomes('n1', { commit: 2 }),
      /no majority/,
      joint,
    )
  })
  test('a disk with other entries at the same indices does not count', () => {
    const told = (h: History) => written(h).saves('n1').appends('n2', command(2, 1)).saves('n2').becomes('n1', { commit: 2 })
    expectViolation(commitValidity, told, /no majority has on disk/)
  })
  test('an entry of an earlier term committed by counting', () => {
    const told = (h: History) => {
      for (const id of ['n1', 'n2']) h.appends(id, command(2, 2)).saves(id)
      return h.leads('n1', 3).becomes('n1', { commit: 2 })
    }
    expectViolation(commitValidity, told, /commits by counting entry 2 of term 2/)
  })
  test('a follower that believes more than was committed', () => {
    expectViolation(commitValidity, h => h.committed('n1', 2, 3).becomes('n2', { commit: 4 }), /believes that 4 is committed/)
  })
  test('a follower with other entries below its commit index', () => {
    const told = (h: History) =>
      h
        .committed('n1', 2, 3)
        .becomes('n2', { commit: 3 })
        .appends('n2', command(3, 2, 99))
    expectViolation(commitValidity, told, /other entries up to its commit index/)
  })
})
