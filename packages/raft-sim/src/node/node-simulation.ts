import type { RunResult } from '../core-simulation.ts'
import { Coverage } from '../coverage.ts'
import { allInvariants } from '../invariants/index.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { Violation } from '../invariants/invariant.ts'
import { Journal } from '../journal.ts'
import { Random } from '../random.ts'
import { faultsOn, withoutFaults } from '../simpler.ts'
import type { Application } from './application.ts'
import { Clients } from './clients.ts'
import { LeavingLeader } from './leaving-leader.ts'
import { unleash } from './nemesis.ts'
import { QuietRepair } from './quiet-repair.ts'
import { Recovering } from './recovery.ts'
import type { NodeScenario } from './scenario.ts'
import { calm, describeNodeScenario, drawNodeScenario } from './scenario.ts'
import { startSessions } from './session-client.ts'
import { setTrap } from './trap.ts'
import type { Plant } from './world.ts'
import { NodeWorld } from './world.ts'

export type NodeRun<Result> = {
  readonly seed: number
  readonly application: Application<Result>
  /** Events under faults; recovery comes on top. Default 10,000. */
  readonly events?: number | undefined
  readonly invariants?: readonly Invariant[]
  /** Puts bugs in, to see whether they are found. */
  readonly plant?: Plant<Result>
  /** Overrides what the seed draws. */
  readonly scenario?: (drawn: NodeScenario) => NodeScenario
  /** Faults that are left out, by name. */
  readonly without?: readonly string[]
  /** Called with one line per event. */
  readonly print?: (line: string) => void
}

/** No faults are free: a run that gets nowhere ends after this much time. */
const maxSimulatedMs = 3_600_000

const realSetImmediate = setImmediate

/** One cluster of production nodes from one seed: first safety under faults, then liveness once they are over. */
export async function simulateNode<Result>(run: NodeRun<Result>): Promise<RunResult> {
  const random = new Random(run.seed)
  const drawn = drawNodeScenario(random.fork('scenario'))
  const chosen = run.scenario?.(drawn) ?? drawn
  const scenario = { ...chosen, faults: withoutFaults(chosen.faults, run.without ?? []) }
  const journal = new Journal(run.print)
  if (run.print) run.print(describeNodeScenario(scenario))
  const { application, invariants = allInvariants, plant = {} } = run
  const world = new NodeWorld({ random, scenario, journal, invariants, application, plant })
  const unwatched = (error: unknown) => world.fail(error)
  process.on('unhandledRejection', unwatched)
  const release = setTrap(error => world.fail(error))
  const { stackTraceLimit } = Error
  // Refusals are errors, too, thousands of them, and where they come from takes long to write down.
  if (!run.print) Error.stackTraceLimit = 1
  let failure: RunResult['failure']
  try {
    await play(world, run.events ?? 10_000)
  } catch (error) {
    failure = explain(error, journal.step)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    release()
    process.off('unhandledRejection', unwatched)
  }
  countLeaderChanges(world)
  return {
    seed: run.seed,
    nodes: scenario.voters,
    events: journal.events,
    simulatedMs: world.now,
    hash: journal.hash,
    coverage: world?.coverage ?? new Coverage(),
    faults: faultsOn(scenario.faults),
    failure,
  }
}

async function play<Result>(world: NodeWorld<Result>, events: number): Promise<void> {
  await form(world)
  const clients = new Clients(world)
  world.faults = world.scenario.faults
  world.network.heal(world.faults.network)
  clients.start()
  startSessions(world)
  unleash(world)
  world.operators.start()
  world.oldFolders.start()
  world.differing.start()
  world.reconfiguring.start()
  world.restoring.start()
  world.asking.start()
  world.listening.start()
  await until(world, () => world.journal.events >= events || world.now >= maxSimulatedMs)
  const recovering = new Recovering(world, clients)
  await until(world, () => recovering.isDone)
  const repair = new QuietRepair(world).demand()
  await until(world, () => repair.isDone)
  const difference = world.differing.demand(clients)
  await until(world, () => difference.isDone)
  const settings = world.reconfiguring.demand(clients)
  await until(world, () => settings.isDone)
  const listened = world.listening.demand()
  await until(world, () => listened.isDone)
  const left = new LeavingLeader(world).demand(clients)
  await until(world, () => left.isDone)
  await closeAll(world)
  world.mainCluster?.history.recording.check()
}

/** One founds the cluster, the others join: before anything goes wrong, so that there is something to go wrong with. */
async function form<Result>(world: NodeWorld<Result>): Promise<void> {
  const { voters, timeoutMs } = world.scenario
  world.faults = calm(timeoutMs)
  world.network.heal(world.faults.network)
  world.addMachine(true).start()
  const limit = 100 * timeoutMs
  await until(world, () => world.leader() !== undefined || world.now > limit)
  while (world.machines.length < voters) world.addMachine().start()
  const formed = () => world.leader()?.core?.status().membership.voters.length === voters
  await until(world, () => formed() || world.now > limit)
  if (!formed()) throw new Violation('liveness', undefined, `a cluster of ${voters} did not come about in ${limit} ms without any fault`)
}

/** Everybody leaves at once: each in time, and without a trace. */
async function closeAll<Result>(world: NodeWorld<Result>): Promise<void> {
  for (const machine of world.machines) {
    machine.isRetired = true
    machine.close()
  }
  await until(world, () => world.machines.every(({ state }) => state === 'down'))
  const end = world.now + 10
  world.schedule.after(10, () => {})
  await until(world, () => world.now >= end)
}

/** An event at a time, with everything that follows from it before the next. */
async function until<Result>(world: NodeWorld<Result>, holds: () => boolean): Promise<void> {
  for (let turn = 1; !holds(); turn++) {
    world.step()
    await settled(turn)
    if (world.violation !== undefined) throw world.violation
  }
  await settled(0)
  if (world.violation !== undefined) throw world.violation
}

const turnsBetween = 64

/**
 * A tick that is asked for by a promise comes once all promises have run; twice, since a node does things in such ticks that bring about more.
 * Now and then the event loop comes round, too: only then does Node tell of rejections that nobody handles, and only then do messages and
 * signals get in.
 */
function settled(turn: number): Promise<void> {
  return new Promise(resolve => {
    if (turn % turnsBetween === 0) realSetImmediate(resolve)
    else afterPromises(() => afterPromises(resolve))
  })
}

function afterPromises(run: () => void): void {
  queueMicrotask(() => process.nextTick(run))
}

function countLeaderChanges<Result>({ mainCluster, coverage }: NodeWorld<Result>): void {
  const leaders = [...(mainCluster?.ghost.leaders.values() ?? [])].sort((a, b) => a.term - b.term)
  leaders.forEach(({ id }, i) => {
    if (i > 0 && leaders[i - 1]!.id !== id) coverage.saw('leader change')
  })
}

/** Whatever production code throws where nobody expects it counts like a check that failed. */
function explain(error: unknown, step: number): NonNullable<RunResult['failure']> {
  if (error instanceof Violation) return { step, invariant: error.invariant, message: error.message }
  if (error instanceof Error) return { step, invariant: 'no-exception', message: error.stack ?? error.message }
  return { step, invariant: 'no-exception', message: String(error) }
}
