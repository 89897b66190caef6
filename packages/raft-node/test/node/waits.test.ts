import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/ports.ts'
import { deadlineFor, Wait } from '../../src/wait.ts'
import { Waits } from '../../src/waits.ts'

class TestWait extends Wait<string> {
  forgotten = 0
  protected timedOut(): Error {
    return new Error(`late after ${this.deadline.timeoutMs}`)
  }
  protected forget(): void {
    this.forgotten++
  }
}

/** A clock that is moved by hand, and counts its timers. */
function handClock() {
  const timers = new Set<{ readonly at: number; run(): void }>()
  let now = 0
  const clock: Clock = {
    now: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    random: () => 0,
    uniqueId: () => 'x',
  }
  const pass = (ms: number) => {
    const end = now + ms
    for (;;) {
      const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      now = next.at
      timers.delete(next)
      next.run()
    }
    now = end
  }
  return { clock, timers, pass }
}

function start(clock: Clock, waits: Waits, timeoutMs: number, signal?: AbortSignal): TestWait {
  const wait = new TestWait(deadlineFor(clock, { timeoutMs, ...(signal && { signal }) }))
  wait.promise.catch(() => {})
  waits.start(wait)
  return wait
}

const outcome = (wait: TestWait) =>
  Promise.race([
    wait.promise.then(
      value => value,
      (error: Error) => error.message,
    ),
    new Promise(resolve => setImmediate(resolve, 'waits')),
  ])

describe('those who wait', () => {
  test('who shares a signal with others hears it unless it left before them, whoever left', async () => {
    const { clock } = handClock()
    const waits = new Waits(clock)
    const [mine, others] = [new AbortController(), new AbortController()]
    const sharing = Array.from({ length: 6 }, () => start(clock, waits, 100, mine.signal))
    const apart = start(clock, waits, 100, others.signal)
    for (const place of [0, 5, 2]) (sharing[place] as TestWait).resolve(`done ${place}`)
    ;(sharing[0] as TestWait).reject(new Error('twice'))
    const late = start(clock, waits, 100, mine.signal)
    mine.abort('enough')
    const heard = await Promise.all([...sharing, late, apart].map(outcome))
    const gaveUp = 'the caller gave up waiting; what was asked for may still happen'
    expect(heard).toEqual(['done 0', gaveUp, 'done 2', gaveUp, gaveUp, 'done 5', gaveUp, 'waits'])
    expect([...sharing, late, apart].map(({ forgotten }) => forgotten)).toEqual([0, 1, 0, 1, 1, 0, 1, 0])
  })

  test('share one timer while they are equally patient, and each ends at its own time', async () => {
    const { clock, timers, pass } = handClock()
    const waits = new Waits(clock)
    const first = start(clock, waits, 100)
    pass(60)
    const second = start(clock, waits, 100)
    expect(timers.size).toBe(1)
    pass(40)
    expect(await outcome(first)).toBe('late after 100')
    expect(await outcome(second)).toBe('waits')
    pass(59)
    expect(await outcome(second)).toBe('waits')
    pass(1)
    expect(await outcome(second)).toBe('late after 100')
    expect([first.forgotten, second.forgotten, timers.size]).toEqual([1, 1, 0])
  })

  test('one whose time began earlier is not held up by those before it', async () => {
    const { clock, pass } = handClock()
    const waits = new Waits(clock)
    const early = new TestWait(deadlineFor(clock, { timeoutMs: 100 }))
    early.promise.catch(() => {})
    pass(80)
    const late = start(clock, waits, 100)
    waits.start(early)
    pass(20)
    expect([await outcome(early), await outcome(late)]).toEqual(['late after 100', 'waits'])
    pass(80)
    expect(await outcome(late)).toBe('late after 100')
  })

  test('a patient one holds up nobody who is less so', async () => {
    const { clock, pass } = handClock()
    const waits = new Waits(clock)
    const [patient, hasty] = [start(clock, waits, 1_000), start(clock, waits, 10)]
    pass(10)
    expect([await outcome(patient), await outcome(hasty)]).toEqual(['waits', 'late after 10'])
  })

  test('a line keeps its one timer when all have their answers, in whatever order, and none once nobody will wait', async () => {
    const { clock, timers, pass } = handClock()
    const waits = new Waits(clock)
    const those = Array.from({ length: 5 }, () => start(clock, waits, 100))
    for (const at of [2, 0, 4, 1, 3]) those[at]?.resolve(`answer ${at}`)
    pass(30)
    expect(timers.size).toBe(1)
    expect(await Promise.all(those.map(outcome))).toEqual([0, 1, 2, 3, 4].map(at => `answer ${at}`))
    const next = start(clock, waits, 100)
    expect(timers.size).toBe(1)
    pass(99)
    expect(await outcome(next)).toBe('waits')
    pass(1)
    expect([await outcome(next), timers.size]).toEqual(['late after 100', 0])
    start(clock, waits, 100).resolve('answered')
    waits.stop()
    expect(timers.size).toBe(0)
    expect(those.map(({ forgotten }) => forgotten)).toEqual([0, 0, 0, 0, 0])
  })

  test('a signal ends all that heed it and no other, with one listener', async () => {
    const { clock, timers } = handClock()
    const waits = new Waits(clock)
    const caller = new AbortController()
    let listeners = 0
    const add = caller.signal.addEventListener.bind(caller.signal)
    caller.signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    const [one, two, settled] = [0, 1, 2].map(() => start(clock, waits, 100, caller.signal)) as [TestWait, TestWait, TestWait]
    const other = start(clock, waits, 100)
    settled.resolve('answered')
    caller.abort()
    for (const wait of [one, two]) expect(await outcome(wait)).toMatch(/gave up/)
    expect([await outcome(settled), await outcome(other), listeners]).toEqual(['answered', 'waits', 1])
    other.resolve('answered')
    waits.stop()
    const late = start(clock, waits, 100, caller.signal)
    expect([await outcome(late), late.forgotten, timers.size]).toEqual([expect.stringMatching(/gave up/), 1, 0])
  })

  test('however many kinds of patience there were, no timer is left once nobody will wait', () => {
    const { clock, timers } = handClock()
    const waits = new Waits(clock)
    for (let timeoutMs = 1; timeoutMs <= 1_000; timeoutMs++) start(clock, waits, timeoutMs).resolve('answered')
    expect(timers.size).toBeLessThan(200) // lines that nobody wants any more are dropped, with theirs
    waits.stop()
    expect(timers.size).toBe(0)
  })
})
