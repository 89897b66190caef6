import type { RaftOptions } from 'raft-core'
import type { Random } from './random.ts'

/** Milliseconds from low to high. */
export type Range = readonly [low: number, high: number]
/** Mean time between two, and how long each lasts. Undefined: never in this run. */
type Recurring = { readonly everyMs: number; readonly lastsMs: Range } | undefined

type CoreOptions = Required<
  Pick<
    RaftOptions,
    'electionTicks' | 'heartbeatTicks' | 'preVote' | 'checkQuorum' | 'stepDownOnRemoval' | 'overlapping' | 'forwardProposals'
  > &
    Pick<RaftOptions, 'maxMessageBytes' | 'maxApplyBytes' | 'maxInflight' | 'maxInflightBytes' | 'maxUncommittedBytes' | 'leaseDuration'>
>

/** What may go wrong in one run, and how often. Drawn anew for every seed. */
export type Faults = {
  readonly delayMs: Range
  readonly lossRate: number
  readonly duplicateRate: number
  /** So many messages arrive very late, up to `lateMs`. */
  readonly lateRate: number
  readonly lateMs: number
  /** A lost message is reported to its sender as unreachable so often. */
  readonly reportRate: number
  readonly partition: Recurring
  /** The leader keeps followers, but too few: it goes on for a while as if it led. */
  readonly leaderWithFew: Recurring
  readonly saveMs: Range
  readonly slowSaveRate: number
  readonly slowSaveMs: number
  readonly crash: Recurring
  readonly crashAllRate: number
  /** A node loses power just after so many of its saves, and is back soon: between a promise and what follows from it. */
  readonly crashAtSaveRate: number
  readonly pause: Recurring
  /** Clocks run at 1 ± this. */
  readonly skew: number
  readonly membershipMs: number | undefined
  readonly transferMs: number | undefined
  readonly forgetMs: number | undefined
  readonly campaignMs: number | undefined
}

export type Scenario = {
  readonly voters: number
  readonly learners: number
  readonly maxNodes: number
  readonly tickMs: number
  /** The least election timeout, in milliseconds: the measure of all other times. */
  readonly timeoutMs: number
  readonly options: CoreOptions
  /** Readys that may be in flight. */
  readonly maxSaves: number
  /** Finishes a save by its public steps, instead of `saved`. */
  readonly stepwise: boolean
  /** Membership changes take effect entry by entry, instead of with `appliedTo`. */
  readonly applyEach: boolean
  readonly applyMs: Range
  /** A snapshot after so many entries, and how many entries behind it stay in the log. */
  readonly snapshotEvery: number
  readonly trailing: number
  readonly writeMs: number
  readonly readMs: number
  /** Whether reads by lease are on from the start. */
  readonly leaseReads: boolean
  readonly faults: Faults
}

const tickMs = 100

/**
 * Swarm testing: every seed turns on some of the faults and leaves out the others, since a fault that is always there hides what
 * happens only without it.
 */
export function drawScenario(random: Random): Scenario {
  const electionTicks = random.pick([3, 5, 10, 10, 10])
  const timeoutMs = electionTicks * tickMs
  const voters = random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 6, 7])
  const learners = random.chance(0.3) ? random.between(1, 2) : 0
  const overlapping = random.chance(0.7)
  const leases = random.chance(0.5)
  const drawn = drawFaults(random, timeoutMs)
  // Leases break in the short time between two elections: such runs look there more often.
  const hunted = leases && random.chance(0.7)
  const faults = hunted ? drawLeaseFaults(random, drawn, timeoutMs, voters) : drawn
  return {
    voters,
    learners,
    maxNodes: voters + learners + 6,
    tickMs,
    timeoutMs,
    options: { ...drawOptions(random, electionTicks, overlapping), leaseDuration: leases ? longestLease(electionTicks, faults.skew) : 0 },
    maxSaves: overlapping ? random.pick([1, 2, 4, 16]) : 1,
    stepwise: random.chance(0.3),
    applyEach: random.chance(0.5),
    applyMs: random.chance(0.5) ? [0, 0] : [0, random.spread(2, 100)],
    snapshotEvery: random.pick([1, 3, 10, 30, 100, 1000]),
    trailing: random.pick([0, 0, 3, 20]),
    writeMs: random.spread(15, 300),
    readMs: hunted ? random.spread(10, 60) : random.spread(30, 1000),
    leaseReads: leases && random.chance(0.8),
    faults,
  }
}

/** In milliseconds, on the slowest clock, against the promise of the fastest: whatever is longer must be found out. */
function longestLease(electionTicks: number, skew: number): number {
  return Math.floor(((electionTicks - 1) * tickMs * (1 - skew)) / (1 + skew))
}

function drawOptions(random: Random, electionTicks: number, overlapping: boolean): Omit<CoreOptions, 'leaseDuration'> {
  const limit = (likelihood: number, values: readonly number[], otherwise: number) =>
    random.chance(likelihood) ? random.pick(values) : otherwise
  return {
    electionTicks,
    heartbeatTicks: electionTicks >= 5 ? random.pick([1, 1, 2]) : 1,
    preVote: random.chance(0.85),
    checkQuorum: random.chance(0.85),
    stepDownOnRemoval: random.chance(0.95),
    overlapping,
    forwardProposals: random.chance(0.15),
    maxMessageBytes: limit(0.5, [0, 20, 100, 1000], 1024 * 1024),
    maxApplyBytes: limit(0.3, [1, 50, 500], 8 * 1024 * 1024),
    maxInflight: limit(0.6, [1, 1, 2, 4], 256),
    maxInflightBytes: limit(0.2, [30, 200], Infinity),
    maxUncommittedBytes: limit(0.2, [50, 500], Infinity),
  }
}

function drawFaults(random: Random, timeoutMs: number): Faults {
  const rate = (likelihood: number, low: number, high: number) =>
    random.chance(likelihood) ? random.spread(low * 1e5, high * 1e5) / 1e5 : 0
  const every = (likelihood: number, low: number, high: number) =>
    random.chance(likelihood) ? random.spread(low * timeoutMs, high * timeoutMs) : undefined
  const recurring = (everyMs: number | undefined, longest: number): Recurring =>
    everyMs === undefined ? undefined : { everyMs, lastsMs: [timeoutMs / 4, longest * timeoutMs] }
  const fastest = random.spread(1, 20)
  const quickest = random.spread(1, 5)
  return {
    delayMs: [fastest, fastest + random.spread(1, timeoutMs / 2)],
    lossRate: rate(0.5, 0.005, 0.2),
    duplicateRate: rate(0.5, 0.005, 0.2),
    lateRate: rate(0.5, 0.001, 0.03),
    lateMs: timeoutMs * random.between(1, 8),
    reportRate: random.pick([0, 0.5, 1]),
    partition: recurring(every(0.5, 3, 20), 8),
    saveMs: [quickest, quickest + random.spread(1, timeoutMs / 3)],
    slowSaveRate: rate(0.3, 0.001, 0.02),
    slowSaveMs: timeoutMs * 3,
    crash: recurring(every(0.7, 3, 30), 8),
    crashAllRate: random.pick([0, 0.05, 0.2]),
    crashAtSaveRate: rate(0.3, 0.001, 0.02),
    pause: recurring(every(0.4, 5, 30), 4),
    skew: random.chance(0.4) ? 0.2 : 0,
    membershipMs: every(0.7, 0.3, 15),
    transferMs: every(0.4, 4, 20),
    forgetMs: every(0.3, 4, 20),
    campaignMs: every(0.3, 3, 40),
    leaderWithFew: undefined,
  }
}

/** Of four voters the leader and one other are too few as well, but then nobody else is elected. */
function drawLeaderWithFew(random: Random, timeoutMs: number): Recurring {
  if (random.chance(0.3)) return undefined
  return { everyMs: random.spread(4, 10) * timeoutMs, lastsMs: [2 * timeoutMs, 4 * timeoutMs] }
}

/** Leaders that stand still or are cut off, and followers that come back at once and may not remember what they promised. */
function drawLeaseFaults(random: Random, drawn: Faults, timeoutMs: number, voters: number): Faults {
  const often = (longest: number) => ({ everyMs: random.spread(2, 6) * timeoutMs, lastsMs: [timeoutMs / 2, longest * timeoutMs] as Range })
  const fastest = random.spread(1, 5)
  return {
    ...drawn,
    delayMs: [fastest, fastest + random.spread(1, timeoutMs / 10)],
    saveMs: [1, random.spread(2, timeoutMs / 20)],
    pause: random.chance(0.6) ? often(3) : undefined,
    partition: random.chance(0.8) ? often(4) : undefined,
    crash: random.chance(0.6) ? { everyMs: timeoutMs * random.spread(1, 3), lastsMs: [1, timeoutMs / 3] } : undefined,
    leaderWithFew: voters > 4 ? drawLeaderWithFew(random.fork('leader with few'), timeoutMs) : undefined,
    crashAllRate: 0,
    transferMs: random.chance(0.4) ? random.spread(2, 5) * timeoutMs : undefined,
    lateRate: random.chance(0.3) ? 0.03 : 0,
    forgetMs: undefined,
    campaignMs: random.chance(0.3) ? timeoutMs / 2 : undefined,
    membershipMs: random.chance(0.3) ? 4 * timeoutMs : undefined,
  }
}

/** Nothing goes wrong, and everything takes a little time. */
export function calm(timeoutMs: number): Faults {
  return {
    delayMs: [1, timeoutMs / 10],
    lossRate: 0,
    duplicateRate: 0,
    lateRate: 0,
    lateMs: 0,
    reportRate: 0,
    partition: undefined,
    leaderWithFew: undefined,
    saveMs: [1, timeoutMs / 20],
    slowSaveRate: 0,
    slowSaveMs: 0,
    crash: undefined,
    crashAllRate: 0,
    crashAtSaveRate: 0,
    pause: undefined,
    skew: 0,
    membershipMs: undefined,
    transferMs: undefined,
    forgetMs: undefined,
    campaignMs: undefined,
  }
}

/** One line for the head of a trace. */
export function describeScenario(scenario: Scenario): string {
  const { faults, options, voters, learners, ...rest } = scenario
  const list = (values: object) =>
    Object.entries(values)
      .filter(([, value]) => value !== undefined && value !== false)
      .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
      .join(' ')
  return `${voters} voters, ${learners} learners; ${list(rest)}\noptions: ${list(options)}\nfaults: ${list(faults)}`
}
