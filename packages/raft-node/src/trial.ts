/** Milliseconds on the monotonic clock; how many wait by then; how many have been served in all. */
export type Moment = { readonly now: number; readonly waiting: number; readonly served: number }

/** The first steps of a round, which are not measured: nor are any until all that was begun in the other way is served. */
const settlingSteps = 8
/** A round lasts until so many times as many were served as ever waited in it: else it would be of a part of a wait. */
const roundWaits = 4
/** The fewest rounds in the other way after which it is given up, if each of them was worse than all in its own. */
const fewTries = 2
/** Rounds until the other way is tried again, at most. */
const late = 128
/** When so many times as many are served as when the ways were compared, or so small a part, the load is another one. */
const otherRate = 2

/** Milliseconds that one waits on average, and how many are served in one. */
type Load = { readonly wait: number; readonly rate: number }

/** The less two ways differ, the more it takes to tell which is better, while everything around them changes, too. */
export type TrialOptions = {
  /** Steps of a round, at least. */
  readonly roundSteps: number
  /** Rounds in the other way until it is judged, unless it is clear earlier. Between them are rounds in the one that is kept to. */
  readonly tries: number
  /** Rounds until the other way is tried again: so few at first and after a change, more with each time that it loses. */
  readonly soon: number
  /** The other way is better if one waits less than so many times as long in it: rounds differ by themselves. */
  readonly better: number
  /** The ways are compared anew if one waits more than so many times as long as in the one that lost. */
  readonly doubtful: number
}

const farApart: TrialOptions = { roundSteps: 32, tries: 1, soon: 8, better: 0.95, doubtful: 1 / 0.95 }
/** For what is worth some percent. Of 47 rounds, at most 8 are in the other way while nothing is certain, and of 143 when it is. */
export const closeTogether: TrialOptions = { roundSteps: 64, tries: 8, soon: 32, better: 0.98, doubtful: 2 }

/**
 * Keeps to whichever of two ways lets its callers wait less, and finds out which that is: now and then it tries the other one.
 * The average wait needs no clock for each caller: by Little's law it is how many wait, added up over time, divided by how many were served.
 */
export class Trial {
  readonly #options: TrialOptions
  #isSecond: boolean
  #isTrying = false
  /** While it tries: how it was in the other way, in the one that is kept to, in the other one again, and so on. */
  #tried: Load[] = []
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
  #roundsBetween: number
  #roundsLeft: number

  constructor(isSecond: boolean, options = farApart) {
    this.#isSecond = isSecond
    this.#options = options
    this.#roundsBetween = this.#roundsLeft = options.soon
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
    } else if (this.#steps >= this.#options.roundSteps && served - this.#first.served >= roundWaits * this.#most) this.#endRound()
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
    if (this.#isTrying) this.#compare(load)
    else this.#keepTo(load)
  }

  #keepTo({ wait, rate }: Load): void {
    const kept = this.#kept ?? { wait, rate }
    this.#kept = { wait: (kept.wait + wait) / 2, rate: (kept.rate + rate) / 2 }
    if (this.#compared !== undefined && this.#isDoubtful(this.#kept, this.#compared)) this.#compareAnew()
    this.#roundsLeft -= 1
    if (this.#roundsLeft > 0) return
    this.#isTrying = true
    this.#isSecond = !this.#isSecond
  }

  #compareAnew(): void {
    this.#compared = undefined
    this.#roundsBetween = this.#options.soon
    this.#roundsLeft = Math.min(this.#roundsLeft, this.#options.soon)
  }

  #compare(load: Load): void {
    this.#tried.push(load)
    const others = this.#tried.filter((_, at) => at % 2 === 0)
    const own = [this.#kept ?? load, ...this.#tried.filter((_, at) => at % 2 === 1)]
    if (others.length < this.#options.tries && !isWorse(others, own)) {
      this.#isSecond = !this.#isSecond
      return
    }
    this.#tried = []
    this.#judge(median(others), median(own))
  }

  #judge(tried: Load, kept: Load): void {
    const isBetter = tried.wait < kept.wait * this.#options.better
    this.#isTrying = false
    if (!isBetter) this.#isSecond = !this.#isSecond
    this.#kept = isBetter ? tried : kept
    this.#compared = { wait: Math.max(tried.wait, kept.wait), rate: this.#kept.rate }
    this.#roundsBetween = isBetter ? this.#options.soon : Math.min(2 * this.#roundsBetween, late)
    this.#roundsLeft = this.#roundsBetween
  }

  /** One waits longer now than in the way that lost, or the load is another one. */
  #isDoubtful({ wait, rate }: Load, compared: Load): boolean {
    return wait > compared.wait * this.#options.doubtful || rate > compared.rate * otherRate || rate * otherRate < compared.rate
  }
}

/** What is worse each time is not looked at any longer: whoever waits meanwhile pays for it, and it is tried again. */
function isWorse(others: readonly Load[], own: readonly Load[]): boolean {
  return others.length >= fewTries && Math.min(...others.map(load => load.wait)) > Math.max(...own.map(load => load.wait))
}

/** Not the mean: something else may be tried in one of the rounds, or stop everybody for a moment. */
function median(loads: readonly Load[]): Load {
  const middle = (of: (load: Load) => number) => {
    const values = loads.map(of).sort((a, b) => a - b)
    const [low, high] = [values[(values.length - 1) >> 1], values[values.length >> 1]] as [number, number]
    return (low + high) / 2
  }
  return { wait: middle(load => load.wait), rate: middle(load => load.rate) }
}
