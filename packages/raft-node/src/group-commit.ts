import type { Clock, Timer } from './ports.ts'
import { Trial } from './trial.ts'

/** Milliseconds that a command waits for company at most, and in which those who were answered may come back. */
const patienceMs = 3
/** Milliseconds in which nobody comes, after which commands wait for nobody else. */
const silenceMs = 1
/** Bytes that are company enough: more would not travel in one message. */
const enoughBytes = 1024 * 1024

export type Traffic = {
  /** Commands that have gathered, and what they weigh together. */
  readonly gathered: number
  readonly bytes: number
  /** Commands that are in the log and not answered. */
  readonly inLog: number
  /** How many have ever come, and how many were ever answered, be it that their time was over. */
  readonly arrived: number
  readonly answered: number
}

/**
 * Whether commands that have gathered go into the log now, or wait for company (group commit).
 *
 * Whatever goes into the log costs every node some hundred microseconds of its processor to save and to acknowledge, however many commands
 * it is. Clients that send one command after the other fall into two groups by themselves: one gathers while the other is saved, and each
 * waits for both. Where commands wait until those in the log are answered, and then for the next ones of whoever was answered, all of them
 * travel together, and each waits for one. But clients that do not come back, or a machine with processors to spare, are served sooner at
 * once; which it is cannot be known from here, and so it is tried (trial.ts). Timers ring a millisecond or two late, and so long may it
 * take to see that nobody comes.
 */
export class GroupCommit {
  readonly #clock: Clock
  readonly #wake: () => void
  readonly #trial: Trial
  /** Not of this: only told what the one of this is told. */
  readonly #beside: Trial
  #timer: Timer | undefined
  #last: Traffic = { gathered: 0, bytes: 0, inLog: 0, arrived: 0, answered: 0 }
  /** When something last came or the log was last done. */
  #lastNews = 0
  #heldSince: number | undefined
  /** How many were answered when commands last left, or nobody came back; and how many had come before the first who was answered since. */
  #answeredBefore = 0
  #arrivedBefore: number | undefined

  /**
   * `wake` is called when somebody should look again, `beside` is another trial of the same commands. Which way comes first is drawn: nothing
   * is known yet, and simulations see both.
   */
  constructor(clock: Clock, wake: () => void, beside: Trial) {
    this.#clock = clock
    this.#wake = wake
    this.#beside = beside
    this.#trial = new Trial(clock.random() < 0.5)
  }

  /** To be asked whenever commands may have come or been answered. When it says yes, those that have gathered leave. */
  mayLeave(traffic: Traffic): boolean {
    if (traffic.gathered === 0 && isAsBefore(traffic, this.#last)) return false
    const now = this.#clock.now()
    this.#note(traffic, now)
    if (traffic.gathered === 0 || (this.#trial.isSecond && this.#expectsCompany(traffic) && this.#isPatient(traffic, now))) return false
    this.#left(traffic.answered)
    return true
  }

  #note(traffic: Traffic, now: number): void {
    const { gathered, inLog, arrived, answered } = traffic
    const moment = { now, waiting: gathered + inLog, served: answered }
    this.#trial.look(moment)
    this.#beside.look(moment)
    if (inLog === 0 && now > this.#lastNews + patienceMs) this.#expectNobody(this.#last.answered)
    if (answered > this.#answeredBefore) this.#arrivedBefore ??= this.#last.arrived
    if (arrived > this.#last.arrived || (inLog === 0 && this.#last.inLog > 0)) this.#lastNews = now
    this.#last = traffic
  }

  #expectsCompany({ bytes, inLog, arrived, answered }: Traffic): boolean {
    if (bytes >= enoughBytes) return false
    const returned = arrived - (this.#arrivedBefore ?? arrived)
    return inLog > 0 || returned < answered - this.#answeredBefore
  }

  #isPatient({ inLog }: Traffic, now: number): boolean {
    this.#heldSince ??= now
    const patient = this.#heldSince + patienceMs
    const until = inLog > 0 ? patient : Math.min(patient, this.#lastNews + silenceMs)
    if (until <= now) return false
    // Not cancelled when they leave: to set one and take it back with each batch costs more than a look now and then.
    this.#timer ??= this.#clock.after(Math.min(silenceMs, until - now), () => {
      this.#timer = undefined
      this.#wake()
    })
    return true
  }

  #left(answered: number): void {
    this.#heldSince = undefined
    this.#expectNobody(answered)
    this.#trial.step()
    this.#beside.step()
  }

  #expectNobody(answered: number): void {
    this.#arrivedBefore = undefined
    this.#answeredBefore = answered
  }

  stop(): void {
    this.#timer?.cancel()
  }
}

/** Mostly, since it is asked with each step of the core: what the time has to do with it can wait until something has changed. */
function isAsBefore(now: Traffic, before: Traffic): boolean {
  return (
    now.gathered === before.gathered && now.inLog === before.inLog && now.arrived === before.arrived && now.answered === before.answered
  )
}
