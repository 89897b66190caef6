import type { RaftOptions } from 'raft-core'
import type { SegmentBytes } from 'raft-node/wal'
import type { Range } from '../faults.ts'
import type { Random } from '../random.ts'
import type { NetworkFaults } from './network.ts'

/** Mean time between two, and how long each lasts. Undefined: never in this run. */
type Recurring = { readonly everyMs: number; readonly lastsMs: Range } | undefined

/** What may go wrong in one run, and how often. Drawn anew for every seed. */
export type NodeFaults = {
  readonly network: NetworkFaults
  readonly partition: Recurring
  /** Some links get slow. */
  readonly slowLinks: Recurring
  readonly cachedMs: Range
  readonly syncMs: Range
  readonly slowSyncRate: number
  readonly slowSyncMs: number
  /** One disk takes a long time for everything. */
  readonly hang: Recurring
  /** Somebody else fills the disks of one machine, or of all. */
  readonly fullDisk: Recurring
  /** A write or flush fails (EIO). */
  readonly failingDiskMs: number | undefined
  readonly crash: Recurring
  readonly crashAllRate: number
  /** So many crashes are power cuts: what was not synced may be lost, and nobody is told. */
  readonly powerCutRate: number
  /** The process stops. */
  readonly pause: Recurring
  /** The event loop is kept busy for some time. */
  readonly stall: Recurring
  /** Clocks run at 1 ± this. */
  readonly skew: number
  readonly membershipMs: number | undefined
  readonly wipeMs: number | undefined
  readonly damageMs: number | undefined
  /** Somebody copies data folders, and puts an old copy back. */
  readonly oldFolderMs: number | undefined
  readonly transferMs: number | undefined
  readonly closeMs: number | undefined
  /** Reads by lease are turned on, and sometimes off. */
  readonly leaseMs: number | undefined
  /** The leader's event loop is held up for long in the turn in which somebody asks for a read by lease. */
  readonly stallAtRead: Recurring
  /** The leader is asked to hand over, and from then on hears nobody: neither who asks for votes, nor who leads after it. */
  readonly deafAtTransfer: Recurring
}

export type NodeScenario = {
  readonly voters: number
  readonly maxMachines: number
  readonly tickMs: number
  readonly electionTicks: number
  /** The least election timeout: the measure of all other times. */
  readonly timeoutMs: number
  /** A snapshot after so many entries, and how many entries behind it stay in the log. */
  readonly snapshotEntries: number
  readonly trailingEntries: number
  readonly limits: CoreLimits
  /** How late timers fire. */
  readonly lateMs: number
  /** What the state machine takes for one command. */
  readonly applyMs: Range
  readonly maxQueue: number
  readonly chunkBytes: number
  readonly writeMs: number
  readonly readMs: number
  /** So many of the reads ask for no more than a lease. */
  readonly leaseReadRate: number
  readonly callTimeoutMs: Range
  readonly faults: NodeFaults
  /** Clients with sessions send a command so often, and their sessions live for so long. Undefined: there are none. */
  readonly sessions: { readonly everyMs: number; readonly ttlMs: number } | undefined
  /** The nodes compare digests of their states; it costs the simulation time. */
  readonly comparesDigests: boolean
  /** Some commands are sent in batches. */
  readonly sendsBatches: boolean
  /** Some changes of the membership are only wanted if it is still the one that somebody knew, perhaps long ago. */
  readonly comparesMemberships: boolean
  /** Nodes are told other settings so often while they run. Undefined: never. */
  readonly reconfigureMs: number | undefined
  /** Some nodes are named to the cluster before they are started. */
  readonly invites: boolean
  /** Another state takes the place of the replicated one so often, if the application's model can follow. */
  readonly restoreMs: number | undefined
  /** Clients ask for read indices, verified leaders and data of a bounded age so often, and listen to memberships. Undefined: never. */
  readonly askMs: number | undefined
  /** State machines have stores of their own, which they write after so many of the commands. Undefined: they begin empty at each start. */
  readonly keptState: { readonly writeRate: number } | undefined
  /** The log is a write-ahead log with segments of such sizes; undefined: a database. */
  readonly walSegments: SegmentBytes | undefined
  /** Disks have an end, and nodes look how much room there is. Undefined: nobody looks. */
  readonly space: { readonly minFreeBytes: number; readonly reserveBytes: number } | undefined
}

type CoreLimits = Pick<RaftOptions, 'maxMessageBytes' | 'maxApplyBytes' | 'maxInflight' | 'maxInflightBytes' | 'maxUncommittedBytes'>

/** Swarm testing: every seed turns on some of the faults and leaves out the others. */
export function drawNodeScenario(random: Random): NodeScenario {
  const tickMs = random.pick([20, 50, 100, 100])
  const electionTicks = random.pick([5, 10, 10, 20])
  const timeoutMs = tickMs * electionTicks
  const voters = random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 6, 7])
  const keeping = random.fork('kept state')
  const restoring = random.fork('restoring')
  const asking = random.fork('asking')
  const drawn: NodeScenario = {
    voters,
    maxMachines: voters + 4,
    tickMs,
    electionTicks,
    timeoutMs,
    snapshotEntries: random.pick([1, 3, 10, 30, 100]),
    trailingEntries: random.pick([0, 0, 3, 20]),
    limits: drawLimits(random),
    lateMs: random.pick([0, 0.1, 1, 5]),
    applyMs: random.pick([
      [0, 0],
      [0, 0],
      [0, 0.1],
      [0, 8],
    ] as const),
    maxQueue: random.pick([8, 50, 1000, 1000]),
    chunkBytes: random.pick([50, 500, 100_000]),
    writeMs: random.spread(timeoutMs / 60, timeoutMs / 4),
    readMs: random.spread(timeoutMs / 60, timeoutMs),
    leaseReadRate: 0,
    callTimeoutMs: [timeoutMs / 2, 6 * timeoutMs],
    faults: drawFaults(random, timeoutMs),
    walSegments: random.chance(0.5) ? { first: random.spread(300, 5_000), most: random.spread(1_000, 20_000) } : undefined,
    sessions: random.chance(0.5) ? { everyMs: random.spread(timeoutMs / 20, timeoutMs), ttlMs: random.spread(1_000, 8_000) } : undefined,
    comparesDigests: random.chance(0.1),
    sendsBatches: random.fork('batches').chance(0.3),
    comparesMemberships: false,
    reconfigureMs: undefined,
    restoreMs: restoring.chance(0.12) ? restoring.spread(1, 10) * timeoutMs : undefined,
    askMs: asking.chance(0.3) ? asking.spread(timeoutMs / 30, timeoutMs) : undefined,
    invites: random.fork('inviting').chance(0.5),
    keptState: keeping.chance(0.15) ? { writeRate: keeping.pick([1, 0.3, 0.05]) } : undefined,
    space: undefined,
  }
  const leases = random.fork('leases')
  const comparing = random.fork('compared memberships')
  const compared = comparing.chance(0.3) ? withComparing(comparing, drawn) : drawn
  const chosen = leases.chance(0.35) ? withLeases(leases, drawn) : withOldFolders(random.fork('old folders'), compared)
  const reconfiguring = random.fork('reconfiguring')
  const changing = reconfiguring.chance(0.15) ? withSettings(reconfiguring, chosen) : chosen
  return withDisks(random.fork('disks'), changing)
}

/** Nodes keep much, until they are told to keep less. */
function withSettings(random: Random, drawn: NodeScenario): NodeScenario {
  return { ...drawn, snapshotEntries: 200, trailingEntries: 50, reconfigureMs: random.spread(1, 15) * drawn.timeoutMs }
}

/** Disks that fill up, and disks that fail. */
function withDisks(random: Random, scenario: NodeScenario): NodeScenario {
  const { timeoutMs, faults } = scenario
  const every = () => random.spread(4, 25) * timeoutMs
  const isFull = random.chance(0.3)
  // More than a follower that was cut off gets at once: a disk may be filled by others between two looks, and that must find a place.
  const reserveBytes = 200_000
  return {
    ...scenario,
    space: isFull ? { minFreeBytes: random.pick([0, 20_000, 100_000]), reserveBytes } : undefined,
    faults: {
      ...faults,
      fullDisk: isFull ? { everyMs: every(), lastsMs: [timeoutMs / 4, 10 * timeoutMs] } : undefined,
      failingDiskMs: random.chance(0.25) ? every() : undefined,
    },
  }
}

/**
 * Not with leases: whether they are on is something that an old copy may not know. Nor where state machines have stores of their own, which
 * such a copy would leave out.
 */
function withOldFolders(random: Random, drawn: NodeScenario): NodeScenario {
  if (drawn.voters < 3 || drawn.keptState !== undefined || !random.chance(0.4)) return drawn
  return { ...drawn, faults: { ...drawn.faults, oldFolderMs: drawn.timeoutMs / random.spread(3, 30) } }
}

/** Leases break in the short time between two elections: such runs look there more often than others. */
function withLeases(random: Random, drawn: NodeScenario): NodeScenario {
  const { timeoutMs, faults } = drawn
  const leaseMs = random.spread(0.5, 3) * timeoutMs
  const scenario = { ...drawn, leaseReadRate: 0.7, faults: { ...faults, leaseMs } }
  if (random.chance(0.2)) return scenario
  const deaf = random.fork('deaf at transfers')
  const often = (longest: number): Recurring => ({
    everyMs: random.spread(2, 6) * timeoutMs,
    lastsMs: [timeoutMs / 2, longest * timeoutMs],
  })
  return {
    ...scenario,
    voters: random.pick([3, 3, 3, 4, 5]),
    readMs: timeoutMs / random.between(20, 80),
    faults: {
      ...scenario.faults,
      partition: random.chance(0.8) ? often(4) : undefined,
      pause: random.chance(0.6) ? often(3) : undefined,
      crash: random.chance(0.6) ? { everyMs: random.spread(1, 3) * timeoutMs, lastsMs: [1, timeoutMs / 3] } : undefined,
      crashAllRate: 0,
      stallAtRead: random.chance(0.5) ? { everyMs: random.spread(4, 8) * timeoutMs, lastsMs: [2 * timeoutMs, 5 * timeoutMs] } : undefined,
      deafAtTransfer: deaf.chance(0.4) ? { everyMs: deaf.spread(3, 8) * timeoutMs, lastsMs: [timeoutMs / 2, 2 * timeoutMs] } : undefined,
      transferMs: random.chance(0.4) ? random.spread(2, 5) * timeoutMs : undefined,
      membershipMs: random.chance(0.3) ? faults.membershipMs : undefined,
      hang: undefined,
      wipeMs: undefined,
      damageMs: undefined,
    },
  }
}

/** The membership changes all the time, so that whoever compares is often too late. */
function withComparing(random: Random, drawn: NodeScenario): NodeScenario {
  const membershipMs = random.between(1, 4) * (drawn.timeoutMs / 2)
  return { ...drawn, voters: random.pick([3, 4, 5]), comparesMemberships: true, faults: { ...drawn.faults, membershipMs } }
}

function drawLimits(random: Random): CoreLimits {
  const limit = (likelihood: number, values: readonly number[]) => (random.chance(likelihood) ? random.pick(values) : undefined)
  return defined({
    maxMessageBytes: limit(0.4, [0, 20, 100, 1000]),
    maxApplyBytes: limit(0.3, [1, 50, 500]),
    maxInflight: limit(0.5, [1, 1, 2, 4]),
    maxInflightBytes: limit(0.2, [30, 200]),
    maxUncommittedBytes: limit(0.2, [100, 500]),
  })
}

function defined(values: Readonly<Record<string, number | undefined>>): CoreLimits {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function drawFaults(random: Random, timeoutMs: number): NodeFaults {
  const rate = (likelihood: number, low: number, high: number) =>
    random.chance(likelihood) ? random.spread(low * 1e6, high * 1e6) / 1e6 : 0
  const every = (likelihood: number, low: number, high: number) =>
    random.chance(likelihood) ? random.spread(low * timeoutMs, high * timeoutMs) : undefined
  const recurring = (everyMs: number | undefined, longest: number): Recurring =>
    everyMs === undefined ? undefined : { everyMs, lastsMs: [timeoutMs / 4, longest * timeoutMs] }
  const fastest = random.spread(1, timeoutMs / 50)
  const quickest = random.spread(1, 5)
  return {
    network: {
      delayMs: [fastest, fastest + random.spread(1, timeoutMs / 4)],
      lossRate: rate(0.5, 0.0003, 0.01),
      lateRate: rate(0.5, 0.001, 0.03),
      lateMs: timeoutMs * random.between(1, 4),
      slowBytes: random.spread(1, 100),
      cutTransferRate: random.fork('cut transfers').pick([0, 0.1, 0.4]),
    },
    partition: recurring(every(0.5, 3, 20), 12),
    slowLinks: recurring(every(0.3, 5, 30), 8),
    cachedMs: random.pick([
      [0.01, 0.1],
      [0.1, 2],
    ] as const),
    syncMs: [quickest, quickest + random.spread(1, timeoutMs / 5)],
    slowSyncRate: rate(0.3, 0.001, 0.02),
    slowSyncMs: timeoutMs * 3,
    hang: recurring(every(0.2, 8, 40), 4),
    crash: recurring(every(0.7, 3, 30), 8),
    crashAllRate: random.pick([0, 0.05, 0.2]),
    powerCutRate: random.pick([0, 0.5, 1]),
    pause: recurring(every(0.4, 5, 30), 6),
    stall: random.chance(0.3) ? { everyMs: random.spread(timeoutMs, 8 * timeoutMs), lastsMs: [1, timeoutMs / 2] } : undefined,
    skew: random.chance(0.4) ? 0.2 : 0,
    membershipMs: every(0.7, 2, 15),
    wipeMs: every(0.5, 8, 30),
    damageMs: every(0.5, 6, 25),
    oldFolderMs: undefined,
    transferMs: every(0.4, 4, 20),
    closeMs: every(0.5, 6, 30),
    leaseMs: undefined,
    stallAtRead: undefined,
    deafAtTransfer: undefined,
    fullDisk: undefined,
    failingDiskMs: undefined,
  }
}

/** Nothing is wrong any more. */
export function calm(timeoutMs: number): NodeFaults {
  return {
    network: { delayMs: [1, timeoutMs / 10], lossRate: 0, lateRate: 0, lateMs: 0, slowBytes: 1000, cutTransferRate: 0 },
    partition: undefined,
    slowLinks: undefined,
    cachedMs: [0.01, 0.1],
    syncMs: [1, timeoutMs / 20],
    slowSyncRate: 0,
    slowSyncMs: 0,
    hang: undefined,
    crash: undefined,
    crashAllRate: 0,
    powerCutRate: 0,
    pause: undefined,
    stall: undefined,
    skew: 0,
    membershipMs: undefined,
    wipeMs: undefined,
    damageMs: undefined,
    oldFolderMs: undefined,
    transferMs: undefined,
    closeMs: undefined,
    leaseMs: undefined,
    stallAtRead: undefined,
    deafAtTransfer: undefined,
    fullDisk: undefined,
    failingDiskMs: undefined,
  }
}

/** The slowest clock against the fastest: what nodes must be told, so that a lease is as long as it may be. */
export function clockDrift({ faults: { skew } }: NodeScenario): number {
  return (2 * skew) / (1 + skew)
}

/** The head of a trace. */
export function describeNodeScenario({ faults, limits, voters, ...rest }: NodeScenario): string {
  const list = (values: object) =>
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
      .join(' ')
  return `${voters} voters; ${list(rest)}\nlimits: ${list(limits)}\nfaults: ${list(faults)}`
}
