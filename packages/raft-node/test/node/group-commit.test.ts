import { describe, expect, test } from 'vitest'
import { GroupCommit } from '../../src/group-commit.ts'
import type { Clock } from '../../src/ports.ts'
import { type Moment, Trial } from '../../src/trial.ts'

class Told extends Trial {
  readonly moments: Moment[] = []
  steps = 0

  override look(moment: Moment): void {
    this.moments.push(moment)
    super.look(moment)
  }

  override step(): void {
    this.steps += 1
    super.step()
  }
}

/** A leader's commands in numbers: they come, leave for the log, and are answered. */
class Traffic {
  now = 0
  wakes = 0
  readonly beside = new Told(false)
  #timer: { readonly at: number; readonly run: () => void } | undefined
  #gathered = 0
  #inLog = 0
  #arrived = 0
  #answered = 0
  readonly #bytesEach: number
  readonly #groupCommit: GroupCommit

  /** `random` decides which way is taken first: below a half, commands wait for company. */
  constructor(random: number, bytesEach = 256) {
    this.#bytesEach = bytesEach
    const clock: Clock = {
      now: () => this.now,
      after: (delayMs, run) => {
        this.#timer = { at: this.now + delayMs, run }
        return { cancel: () => (this.#timer = undefined) }
      },
      random: () => random,
      uniqueId: () => 'x',
    }
    this.#groupCommit = new GroupCommit(clock, () => this.wakes++, this.beside)
  }

  get isTimed(): boolean {
    return this.#timer !== undefined
  }

  /** So many come. How many leave then. */
  come(count: number): number {
    this.#gathered += count
    this.#arrived += count
    return this.look()
  }

  answer(count: number): number {
    this.#inLog -= count
    this.#answered += count
    return this.look()
  }

  look(): number {
    const [gathered, inLog, arrived, answered] = [this.#gathered, this.#inLog, this.#arrived, this.#answered]
    if (!this.#groupCommit.mayLeave({ gathered, bytes: gathered * this.#bytesEach, inLog, arrived, answered })) return 0
    this.#gathered = 0
    this.#inLog += gathered
    return gathered
  }

  /** Time passes; who is woken looks. How many leave then. */
  pass(ms: number): number {
    let left = 0
    const until = this.now + ms
    while (this.#timer !== undefined && this.#timer.at <= until) {
      const { at, run } = this.#timer
      this.now = at
      this.#timer = undefined
      const before = this.wakes
      run()
      if (this.wakes > before) left += this.look()
    }
    this.now = until
    return left
  }

  stop(): void {
    this.#groupCommit.stop()
  }
}

describe('commands that wait for company', () => {
  const started = () => new Traffic(0)

  test('leave at once where nothing is under way', () => {
    const traffic = started()
    expect(traffic.come(3)).toBe(3)
    traffic.answer(3)
    traffic.pass(0.2)
    expect(traffic.come(3)).toBe(3)
  })

  test('wait for what is in the log, and then for all who were answered', () => {
    const traffic = started()
    expect(traffic.come(4)).toBe(4)
    traffic.pass(0.3)
    expect(traffic.come(5)).toBe(0)
    traffic.pass(0.3)
    expect(traffic.answer(1)).toBe(0)
    expect(traffic.answer(3)).toBe(0)
    traffic.pass(0.3)
    expect([traffic.come(1), traffic.come(2)]).toEqual([0, 0])
    expect(traffic.come(1)).toBe(9)
    expect(traffic.answer(9)).toBe(0)
    expect(traffic.come(8)).toBe(0)
    expect(traffic.come(1)).toBe(9)
  })

  test('one after the other waits for nobody', () => {
    const traffic = started()
    for (let i = 0; i < 100; i++) {
      expect(traffic.come(1)).toBe(1)
      traffic.pass(0.5)
      expect(traffic.answer(1)).toBe(0)
    }
  })

  test('leave after 3 ms without an answer', () => {
    const traffic = started()
    traffic.come(1)
    expect(traffic.come(2)).toBe(0)
    expect(traffic.pass(2.9)).toBe(0)
    expect(traffic.pass(0.1)).toBe(2)
  })

  test('leave when nobody has come back for 1 ms, and go on waiting while somebody does', () => {
    const traffic = started()
    traffic.come(8)
    traffic.pass(0.5)
    expect(traffic.answer(8)).toBe(0)
    expect(traffic.come(1)).toBe(0)
    traffic.pass(0.9)
    expect(traffic.come(1)).toBe(0)
    expect(traffic.pass(0.9)).toBe(0)
    expect(traffic.pass(1.1)).toBe(2)
  })

  test('leave after 3 ms however many still come back', () => {
    const traffic = started()
    traffic.come(100)
    traffic.answer(100)
    let left = 0
    for (let i = 0; i < 12 && left === 0; i++) {
      left = traffic.come(2)
      if (left === 0) left = traffic.pass(0.3)
    }
    expect(left).toBeGreaterThan(0)
    expect(traffic.now).toBeGreaterThanOrEqual(3)
    expect(traffic.now).toBeLessThan(3.7)
  })

  test('leave when they fill a message, whoever else may come', () => {
    const traffic = new Traffic(0, 256 * 1024)
    expect(traffic.come(2)).toBe(2)
    expect(traffic.come(3)).toBe(0)
    expect(traffic.come(1)).toBe(4)
  })

  test('do not wait for those who were answered long ago', () => {
    const traffic = started()
    traffic.come(16)
    traffic.answer(16)
    traffic.pass(1_000)
    expect(traffic.come(1)).toBe(1)
  })

  test('a node that stops leaves no timer behind', () => {
    const traffic = started()
    traffic.come(1)
    traffic.come(1)
    expect(traffic.isTimed).toBe(true)
    traffic.stop()
    expect(traffic.isTimed).toBe(false)
  })
})

test('the other way, they leave at once whatever is under way', () => {
  const traffic = new Traffic(0.5)
  for (let i = 0; i < 10; i++) expect(traffic.come(2)).toBe(2)
  expect(traffic.isTimed).toBe(false)
})

/**
 * Clients that send one command after the other, as soon as the last is answered, to a leader that works on one batch after the other:
 * `fixed` milliseconds for each and `each` for a command. How many leave together in the end, on average.
 */
function batchesOf({ clients, fixed, each, pauseMs, random }: Record<'clients' | 'fixed' | 'each' | 'pauseMs' | 'random', number>) {
  const traffic = new Traffic(random)
  const sizes: number[] = []
  const queue: number[] = []
  const returns: { at: number; count: number }[] = [{ at: 0, count: clients }]
  let doneAt = Number.POSITIVE_INFINITY
  const take = (count: number) => {
    if (count === 0) return
    queue.push(count)
    sizes.push(count)
    if (queue.length === 1) doneAt = traffic.now + fixed + each * count
  }
  while (sizes.length < 3_000) {
    const next = Math.min(doneAt, returns[0]?.at ?? Number.POSITIVE_INFINITY, traffic.now + 1)
    take(traffic.pass(Math.max(0, next - traffic.now)))
    if (traffic.now >= doneAt) {
      const count = queue.shift()!
      for (let i = 0; i < count; i++) returns.push({ at: traffic.now + pauseMs * (1 + i / count), count: 1 })
      returns.sort((a, b) => a.at - b.at)
      doneAt = queue.length > 0 ? traffic.now + fixed + each * queue[0]! : Number.POSITIVE_INFINITY
      take(traffic.answer(count))
    }
    while (returns.length > 0 && returns[0]!.at <= traffic.now) take(traffic.come(returns.shift()!.count))
  }
  const late = sizes.slice(-1_000)
  return late.reduce((sum, size) => sum + size, 0) / late.length
}

test.each([0, 0.9])('clients of a busy leader come to travel together, whichever way was drawn (%s)', random => {
  const mean = batchesOf({ clients: 16, fixed: 0.9, each: 0.01, pauseMs: 0.1, random })
  expect(mean).toBeGreaterThan(14)
})

test.each([0, 0.9])('those who think for long between their commands do not wait for each other (%s)', random => {
  const mean = batchesOf({ clients: 16, fixed: 0.05, each: 0.01, pauseMs: 20, random })
  expect(mean).toBeLessThan(3)
})

test('a trial of something else is told how many wait, how many were answered, and when commands leave', () => {
  const traffic = new Traffic(1)
  traffic.come(2)
  traffic.now = 3
  traffic.answer(2)
  expect(traffic.beside.moments).toEqual([
    { now: 0, waiting: 2, served: 0 },
    { now: 3, waiting: 0, served: 2 },
  ])
  expect(traffic.beside.steps).toBe(1)
})
