import { describe, expect, test } from 'vitest'
import { closeTogether, Trial } from '../../src/trial.ts'

/** A served caller a millisecond, and how long each waits in the two ways; noise by a generator of its own. */
type World = { readonly first: number; readonly second: number; readonly perMs?: number; readonly noise?: number }

/** So many things are begun, a millisecond apart. How often that was in the second way. */
function drive(trial: Trial, steps: number, { first, second, perMs = 1, noise = 0 }: World, from = { now: 0, served: 0 }): number {
  let [inSecond, seed] = [0, 7]
  for (let i = 0; i < steps; i++) {
    seed = (seed * 16_807) % 2_147_483_647
    const wait = (trial.isSecond ? second : first) * (1 + noise * (seed / 2_147_483_647 - 0.5))
    from.now += 1
    from.served += perMs
    trial.look({ now: from.now, waiting: wait * perMs, served: from.served })
    if (trial.isSecond) inSecond += 1
    trial.step()
  }
  return inSecond
}

const rounds = (count: number) => 32 * count

test.each([true, false])('it finds the way in which one waits less, and stays with it (begins with the second: %s)', begin => {
  for (const noise of [0, 0.5]) {
    const worse = new Trial(begin)
    drive(worse, rounds(50), { first: 2, second: 3, noise })
    expect(drive(worse, rounds(1_000), { first: 2, second: 3, noise })).toBeLessThan(0.03 * rounds(1_000))
    const better = new Trial(begin)
    drive(better, rounds(50), { first: 3, second: 2, noise })
    expect(drive(better, rounds(1_000), { first: 3, second: 2, noise })).toBeGreaterThan(0.97 * rounds(1_000))
  }
})

test.each([0, 0.1])('neither is better: it goes on as it began, and seldom looks (noise %s)', noise => {
  const trial = new Trial(false)
  expect(drive(trial, rounds(1_000), { first: 2, second: 2, noise })).toBeLessThan(0.03 * rounds(1_000))
})

/** One comes each millisecond, and is answered much later than the next ones come. */
test.each([true, false])(
  'who is answered late is waited for, and counted to the way in which it came (begins with the second: %s)',
  begin => {
    const trial = new Trial(begin)
    const open: number[] = []
    let [served, inSecond] = [0, 0]
    for (let now = 1; now <= 200_000; now++) {
      while (open.length > 0 && open[0]! <= now) {
        open.shift()
        served += 1
      }
      trial.look({ now, waiting: open.length, served })
      if (trial.isSecond) inSecond += 1
      open.push(now + (trial.isSecond ? 220 : 200))
      open.sort((a, b) => a - b)
      trial.look({ now, waiting: open.length, served })
      trial.step()
    }
    expect(inSecond).toBeLessThan(40_000)
  },
)

test('a way that is worse each time is tried twice and not eight times', () => {
  const trial = new Trial(false, closeTogether)
  const steps = 47 * 64
  expect(drive(trial, steps, { first: 2, second: 2.4, noise: 0.05 })).toBe(2 * 64)
  const close = new Trial(false, closeTogether)
  expect(drive(close, steps, { first: 2, second: 1.98 })).toBe(8 * 64)
})

test.each([
  { once: 2.4, later: 1.99, own: 2, isKept: true },
  { once: 1.99, later: 2.4, own: 2, isKept: true },
  { once: 2.4, later: 2.4, own: 2.6, isKept: true },
  { once: 2.4, later: 1.8, own: 2, isKept: false },
])('a way that is not worse each time is tried eight times, and judged by the most of them: %o', ({ once, later, own, isKept }) => {
  const trial = new Trial(false, closeTogether)
  const from = { now: 0, served: 0 }
  let inSecond = 0
  for (let round = 0; round < 47; round++)
    inSecond += drive(trial, 64, { first: inSecond === 64 ? own : 2, second: inSecond < 64 ? once : later }, from)
  expect(inSecond).toBe(8 * 64)
  expect(trial.isSecond).toBe(!isKept)
})

test('another load is noticed by how many are served, and the ways are compared anew at once', () => {
  const trial = new Trial(false)
  const clock = { now: 0, served: 0 }
  drive(trial, rounds(1_000), { first: 2, second: 3 }, clock)
  expect(trial.isSecond).toBe(false)
  drive(trial, rounds(12), { first: 1.5, second: 1, perMs: 4 }, clock)
  expect(trial.isSecond).toBe(true)
  drive(trial, rounds(20), { first: 1, second: 1.5, perMs: 1 }, clock)
  expect(trial.isSecond).toBe(false)
})

test('a way that has become as bad as the other one was is compared anew at once', () => {
  const trial = new Trial(false)
  const clock = { now: 0, served: 0 }
  drive(trial, rounds(1_000), { first: 2, second: 3 }, clock)
  drive(trial, rounds(14), { first: 4, second: 3 }, clock)
  expect(trial.isSecond).toBe(true)
})

test('a round in which nobody was served says nothing', () => {
  const trial = new Trial(false)
  for (let i = 1; i <= rounds(100); i++) {
    trial.look({ now: i, waiting: 5, served: 0 })
    trial.step()
  }
  expect(trial.isSecond).toBe(false)
  expect(drive(trial, rounds(100), { first: 3, second: 2 }, { now: rounds(100), served: 0 })).toBeGreaterThan(rounds(80))
})

describe('ways that are close together, while the machine gets faster and slower', () => {
  /** Waits that drift by a fifth within some rounds, noise beside. How often it was in the second way at the end. */
  function inSecond(trial: Trial, second: number): number {
    let [now, served, seed, count] = [0, 0, 7, 0]
    for (let i = 0; i < 60_000; i++) {
      seed = (seed * 16_807) % 2_147_483_647
      const drift = 1 + 0.2 * Math.sin(i / 400)
      now += 1
      served += 1
      trial.look({ now, waiting: (trial.isSecond ? second : 1) * drift * (0.5 + seed / 2_147_483_647), served })
      if (i >= 30_000 && trial.isSecond) count += 1
      trial.step()
    }
    return count / 30_000
  }

  test.each([true, false])('some percent are found (begins with the second: %s)', begin => {
    expect(inSecond(new Trial(begin, closeTogether), 0.92)).toBeGreaterThan(0.8)
    expect(inSecond(new Trial(begin, closeTogether), 1.08)).toBeLessThan(0.2)
  })
})
