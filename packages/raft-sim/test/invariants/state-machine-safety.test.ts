import { describe, test } from 'vitest'
import { stateMachineSafety } from '../../src/invariants/state-machine-safety.ts'
import { command, type History } from './history.ts'
import { expectViolation, three } from './violations.ts'

describe('state machine safety', () => {
  test('an entry that is not the committed one', () => {
    expectViolation(stateMachineSafety, h => h.committed('n1', 2, 2).applies('n2', command(2, 2, 99)), /applies 2@2/)
  })
  test('an entry that nobody committed', () => {
    expectViolation(stateMachineSafety, h => h.applies('n2', command(2, 2)), /not committed/)
  })
  test('a gap', () => {
    expectViolation(stateMachineSafety, h => h.committed('n1', 2, 3).applies('n2', command(3, 2)), /applies entry 3 after entry 1/)
  })
  test('an entry twice', () => {
    const told = (h: History) => h.committed('n1', 2, 3).applies('n2', command(2, 2)).applies('n2', command(2, 2))
    expectViolation(stateMachineSafety, told, /applies entry 2 after entry 2/)
  })
  test('another result', () => {
    const told = (h: History) => h.committed('n1', 2, 2).applies('n1', command(2, 2), 7).applies('n2', command(2, 2), 8)
    expectViolation(stateMachineSafety, told, /another state/)
  })
  test('a snapshot older than what is applied', () => {
    const snapshot = { index: 2, term: 2, membership: three, data: new Uint8Array() }
    const told = (h: History) =>
      h.committed('n1', 2, 3).applies('n2', command(2, 2)).applies('n2', command(3, 2)).takes('n2', { snapshot }, 2)
    expectViolation(stateMachineSafety, told, /goes back/)
  })
  test('a snapshot with another state', () => {
    const snapshot = { index: 2, term: 2, membership: three, data: new Uint8Array() }
    expectViolation(
      stateMachineSafety,
      h => h.committed('n1', 2, 2).applies('n1', command(2, 2), 7).takes('n2', { snapshot }, 8),
      /not the one at 2/,
    )
  })
})
