/** Milliseconds on the monotonic clock; how many wait by then; how many have been served in all. */
export type Moment = { readonly now: number; readonly waiting: number; readonly served: number }

/** Steps of a round, and of those the first, which are not measured: nor are any until all that was begun in the other way is served. */
const roundSteps = 32
const settlingSteps = 8
/** A round lasts until so many times as many were served as ever waited in it: else it would be of a part of a wait. */
const roundWaits = 4
/** Rounds until the other way is tried again: few at first and after a change, more with each time that it loses. */
const soon = 8
const late = 128
/** What is not better by so much is not better: rounds differ by themselves. */
const better = 0.95
/** When so many times as many are served as when the ways were compared, or so small a part, the load is another one. */
const otherRate = 2

/** Milliseconds that one waits on average, and how many are served in one. */
type Load = { readonly wait: number; readonly rate: number }

/**
 * Keeps to whichever of two ways lets its callers wait less, and finds out which that is: now and then it tries the other one for a round.
 * The average wait needs no clock for each caller: by Little's law it is how many wait, added up over time, divided by how many were served.
 */
export class Trial {
  #isSecond: boolean
  #isTrying = false
  #isMeasured = false
  #steps = 0
  /** How many have been served once all those are who waited when this round began; the most who waited at once since. */
  #settledAt = 0
  #most = 0
  #last: Moment = { now: 0, waiting: 0, served: 0 }
  /** Of this round, from where it is measured: the waiting of all, in milliseconds, and how it stood then. */
  #waited = 0
  #first = this.#last
  /** In the way that is kept to, lately. */
  #kept: Load | undefined
  /** When the ways were last compared: how many were served, and how long one waited in the way that lost. */
  #compared: Load | undefined
  #roundsBetween = soon
  #roundsLeft = soon

  constructor(isSecond: boolean) {
    this.#isSecond = isSecond
  }

  /** Whether the second way is in use, to be kept to or to be tried. */
  get isSecond(): boolean {
    return this.#isSecond
  }

  /** To be told whenever more or fewer wait. */
  look(moment: Moment): void {
    this.#waited += this.#last.waiting * (moment.now - this.#last.now)
    this.#most = Math.max(this.#most, moment.waiting)
    this.#last = moment
  }

  /** Something is begun in the way that is in use. */
  step(): void {
    const { served } = this.#last
    this.#steps += 1
    if (!this.#isMeasured) {
      if (this.#steps >= settlingSteps && served >= this.#settledAt) this.#measureFromHere()
    } else if (this.#steps >= roundSteps && served - this.#first.served >= roundWaits * this.#most) this.#endRound()
  }

  #measureFromHere(): void {
    this.#isMeasured = true
    this.#waited = 0
    this.#first = this.#last
  }

  #endRound(): void {
    const { now, waiting, served } = this.#last
    const [count, ms] = [served - this.#first.served, now - this.#first.now]
    this.#isMeasured = false
    this.#steps = this.#most = 0
    this.#settledAt = served + waiting
    if (count === 0 || ms === 0) return
    const load = { wait: this.#waited / count, rate: count / ms }
    if (this.#isTrying) this.#judge(load)
    else this.#keepTo(load)
  }

  #keepTo({ wait, rate }: Load): void {
    const kept = this.#kept ?? { wait, rate }
    this.#kept = { wait: (kept.wait + wait) / 2, rate: (kept.rate + rate) / 2 }
    if (this.#compared !== undefined && isDoubtful(this.#kept, this.#compared)) this.#compareAnew()
    this.#roundsLeft -= 1
    if (this.#roundsLeft > 0) return
    this.#isTrying = true
    this.#isSecond = !this.#isSecond
  }

  #compareAnew(): void {
    this.#compared = undefined
    this.#roundsBetween = soon
    this.#roundsLeft = Math.min(this.#roundsLeft, soon)
  }

  #judge(tried: Load): void {
    const kept = this.#kept ?? tried
    const isBetter = tried.wait < kept.wait * better
    this.#isTrying = false
    if (!isBetter) this.#isSecond = !this.#isSecond
    this.#kept = isBetter ? tried : kept
    this.#compared = { wait: Math.max(tried.wait, kept.wait), rate: this.#kept.rate }
    this.#roundsBetween = isBetter ? soon : Math.min(2 * this.#roundsBetween, late)
    this.#roundsLeft = this.#roundsBetween
  }
}

/** One waits longer now than in the way that lost, or the load is another one. */
function isDoubtful({ wait, rate }: Load, compared: Load): boolean {
  return wait * better > compared.wait || rate > compared.rate * otherRate || rate * otherRate < compared.rate
}
