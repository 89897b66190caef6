import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Inflight } from '../src/replication/inflight.ts'
import { Progress } from '../src/replication/progress.ts'

describe('what is in flight', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), entries: fc.integer({ min: 1, max: 3 }), bytes: fc.nat(30) }),
    fc.record({ do: fc.constant('free' as const), back: fc.nat(12) }),
    fc.record({ do: fc.constant('clear' as const) }),
  )

  test('counts as a plain list of messages does', () => {
    const size = fc.integer({ min: 1, max: 90 })
    fc.assert(
      fc.property(
        size,
        fc.constantFrom(1, 50, Number.POSITIVE_INFINITY),
        fc.array(step, { maxLength: 400, size: 'max' }),
        (messages, limit, steps) => {
          const inflight = new Inflight(messages, limit)
          let model: { last: number; bytes: number }[] = []
          let last = 0
          for (const one of steps) {
            if (one.do === 'add' && !inflight.isFull) {
              last += one.entries
              model.push({ last, bytes: one.bytes })
              inflight.add(last, one.bytes)
            } else if (one.do === 'free') {
              const upTo = last - one.back
              model = model.filter(message => message.last > upTo)
              inflight.freeTo(upTo)
            } else if (one.do === 'clear') {
              model = []
              inflight.clear()
            }
            const bytes = model.reduce((sum, message) => sum + message.bytes, 0)
            expect(inflight.count).toBe(model.length)
            expect(inflight.isFull).toBe(model.length >= messages || bytes >= limit)
          }
        },
      ),
    )
  })

  test('a long stream does not grow', () => {
    const inflight = new Inflight(1000, Number.POSITIVE_INFINITY)
    for (let last = 1; last <= 100_000; last++) {
      inflight.add(last, 1)
      if (last > 200) inflight.freeTo(last - 200)
    }
    expect(inflight.count).toBe(200)
    inflight.freeTo(100_000)
    expect(inflight.count).toBe(0)
  })
})

describe('progress', () => {
  const start = (): Progress => new Progress(1, 0, 11, true, new Inflight(4, 100))
  const index = fc.integer({ min: 0, max: 40 })
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('acknowledge' as const, 'snapshot' as const), index }),
    fc.record({ do: fc.constant('backtrack' as const), index, hint: index }),
    fc.record({ do: fc.constant('sent' as const), count: fc.nat(3), bytes: fc.nat(60) }),
    fc.record({ do: fc.constantFrom('probe' as const, 'replicate' as const, 'pause' as const, 'resume' as const) }),
  )
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

  function take(progress: Progress, one: Step): void {
    if (one.do === 'acknowledge') progress.acknowledge(one.index)
    else if (one.do === 'snapshot') progress.awaitSnapshot(Math.max(one.index, progress.match))
    else if (one.do === 'backtrack') progress.backtrack(one.index, one.hint)
    // As the leader does: nothing is sent to who is paused, and a full window lets only empty messages through.
    else if (one.do === 'sent') progress.isPaused || progress.sent(progress.windowIsFull ? 0 : one.count, one.bytes)
    else progress[one.do]()
  }

  test('match stays below next and never falls, whatever arrives in whatever order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const progress = start()
        for (const one of steps) {
          const before = progress.match
          take(progress, one)
          expect(progress.match).toBeGreaterThanOrEqual(before)
          expect(progress.match).toBeLessThan(progress.next)
        }
      }),
    )
  })

  test('only an acknowledgement moves match', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const progress = start()
        for (const one of steps) {
          const before = progress.match
          take(progress, one)
          if (progress.match !== before) expect(one).toMatchObject({ do: 'acknowledge', index: progress.match })
        }
      }),
    )
  })

  test('a refusal never takes back what is acknowledged, and an old one changes nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), index, index, (steps, refused, hint) => {
        const progress = start()
        for (const one of steps) take(progress, one)
        const { match, next } = progress
        const state = progress.flow.state
        const acted = progress.backtrack(refused, hint)
        expect(progress.match).toBe(match)
        if (!acted) expect(progress.next).toBe(next)
        else expect(progress.next).toBeLessThanOrEqual(state === 'replicate' ? match + 1 : Math.max(refused, match + 1))
      }),
    )
  })

  test('while a snapshot is under way nothing else is sent', () => {
    const progress = start()
    progress.awaitSnapshot(20)
    progress.resume()
    expect(progress).toMatchObject({ isPaused: true, next: 21, windowIsFull: false, inflight: undefined })
    progress.pause()
    progress.probe()
    expect(progress).toMatchObject({ isPaused: false, next: 21 })
  })

  test('a probe is one message; a stream is as many as the window holds', () => {
    const progress = start()
    progress.sent(1, 10)
    expect(progress.isPaused).toBe(true)
    progress.acknowledge(11)
    progress.replicate()
    for (let sent = 0; sent < 4; sent++) {
      expect(progress.isPaused).toBe(false)
      progress.sent(1, 1)
    }
    expect(progress).toMatchObject({ isPaused: true, windowIsFull: true, next: 16 })
  })
})
