import type { Clock } from '../ports.ts'
import type { ContractTools } from './tools.ts'

export type ClockWorld = {
  readonly clock: Clock
  /** Lets so much time pass, and whatever is due by then run. */
  pass(ms: number): Promise<void>
}

/** What every `Clock` keeps to. `make` builds a world of its own for each rule. */
export function clockContract({ describe, test, expect }: ContractTools, make: () => Promise<ClockWorld>): void {
  describe('clock', () => {
    test('does not go back', async () => {
      const { clock, pass } = await make()
      const before = clock.now()
      await pass(20)
      expect(clock.now() - before >= 20).toBe(true)
    })

    test('runs once, later, and not before its time', async () => {
      const { clock, pass } = await make()
      const set = clock.now()
      const runs: number[] = []
      clock.after(30, () => runs.push(clock.now() - set))
      expect(runs.length).toBe(0)
      await pass(100)
      expect(runs.length).toBe(1)
      expect((runs[0] ?? 0) >= 30).toBe(true)
    })

    test('never runs within the call, not even without a delay', async () => {
      const { clock, pass } = await make()
      let ran = false
      clock.after(0, () => {
        ran = true
      })
      expect(ran).toBe(false)
      await pass(20)
      expect(ran).toBe(true)
    })

    test('runs what is due earlier first', async () => {
      const { clock, pass } = await make()
      const order: string[] = []
      clock.after(60, () => order.push('late'))
      clock.after(20, () => order.push('early'))
      await pass(150)
      expect(order).toEqual(['early', 'late'])
    })

    test('does not run what was cancelled; cancelling late or twice is nothing', async () => {
      const { clock, pass } = await make()
      let runs = 0
      const cancelled = clock.after(20, () => runs++)
      const late = clock.after(20, () => runs++)
      cancelled.cancel()
      cancelled.cancel()
      await pass(80)
      late.cancel()
      expect(runs).toBe(1)
    })

    test('draws numbers in [0, 1) and ids that differ', async () => {
      const { clock } = await make()
      const numbers = Array.from({ length: 100 }, () => clock.random())
      expect(numbers.every(number => number >= 0 && number < 1)).toBe(true)
      expect(new Set(numbers).size > 50).toBe(true)
      const ids = Array.from({ length: 100 }, () => clock.uniqueId())
      expect(ids.every(id => /^[0-9a-f]{32}$/.test(id))).toBe(true)
      expect(new Set(ids).size).toBe(100)
    })
  })
}
