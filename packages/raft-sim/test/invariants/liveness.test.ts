import { describe, expect, test } from 'vitest'
import { LivenessWatch, liveness } from '../../src/invariants/liveness.ts'

describe('liveness', () => {
  const well = { serving: () => undefined, level: () => undefined, terms: 'n1:2' }
  test('passes when all is well for ten timeouts', () => {
    const watch = new LivenessWatch(0, 100, 0)
    expect([watch.look(10, well), watch.look(1009, well), watch.look(1010, well)]).toEqual([false, false, true])
  })
  test('no leader for twenty timeouts', () => {
    const watch = new LivenessWatch(0, 100, 0)
    watch.look(1999, { ...well, serving: () => 'no leader' })
    expect(() => watch.look(2000, { ...well, serving: () => 'no leader' })).toThrow(/no leader/)
  })
  test('an election without a reason', () => {
    const watch = new LivenessWatch(0, 100, 0)
    watch.look(0, well)
    expect(() => watch.look(500, { ...well, terms: 'n1:3' })).toThrow(/term changes/)
    expect(liveness.section).toBe('3.14')
  })
})
