import type { Raft, RaftOptions } from 'raft-core'
import { createRaft } from 'raft-core'
import { Coverage } from './coverage.ts'
import type { Scenario } from './faults.ts'
import { describeScenario, drawScenario } from './faults.ts'
import { allInvariants } from './invariants/index.ts'
import type { Invariant } from './invariants/invariant.ts'
import { Violation } from './invariants/invariant.ts'
import { Journal } from './journal.ts'
import { Random } from './random.ts'
import { faultsOn, withoutFaults } from './simpler.ts'
import { Clients } from './world/clients.ts'
import { unleash } from './world/nemesis.ts'
import { operate } from './world/operators.ts'
import { recover } from './world/recovery.ts'
import { World } from './world/world.ts'

export type CoreRun = {
  readonly seed: number
  /** Events under faults; recovery comes on top. Default 10,000. */
  readonly events?: number | undefined
  readonly invariants?: readonly Invariant[]
  /** The code under test. Default raft-core's. */
  readonly createCore?: (options: RaftOptions) => Raft
  /** Overrides what the seed draws. */
  readonly scenario?: (drawn: Scenario) => Scenario
  /** Faults that are left out, by name. */
  readonly without?: readonly string[]
  /** Called with one line per event. */
  readonly print?: (line: string) => void
}

export type RunResult = {
  readonly seed: number
  /** Nodes at the start. */
  readonly nodes: number
  readonly events: number
  readonly simulatedMs: number
  readonly hash: string
  readonly coverage: Coverage
  /** What could go wrong in it, by name. */
  readonly faults: readonly string[]
  readonly failure: { readonly step: number; readonly invariant: string; readonly message: string } | undefined
}

/** No faults are free: a run that gets nowhere ends after this much time. */
const maxSimulatedMs = 3_600_000

/** One cluster of cores from one seed: first safety under faults, then liveness once they are over. */
export function simulateCore(run: CoreRun): RunResult {
  const random = new Random(run.seed)
  const drawn = drawScenario(random.fork('scenario'))
  const chosen = run.scenario?.(drawn) ?? drawn
  const scenario = { ...chosen, faults: withoutFaults(chosen.faults, run.without ?? []) }
  const journal = new Journal(run.print)
  if (run.print) run.print(describeScenario(scenario))
  let world: World | undefined
  let failure: RunResult['failure']
  try {
    world = new World({ random, scenario, journal, invariants: run.invariants ?? allInvariants, createCore: run.createCore ?? createRaft })
    play(world, run.events ?? 10_000)
  } catch (error) {
    failure = explain(error, journal.step)
  }
  if (world) countLeaderChanges(world)
  return {
    seed: run.seed,
    nodes: scenario.voters + scenario.learners,
    events: journal.events,
    simulatedMs: world?.schedule.now ?? 0,
    hash: journal.hash,
    coverage: world?.coverage ?? new Coverage(),
    faults: faultsOn(scenario.faults),
    failure,
  }
}

function play(world: World, events: number): void {
  const clients = new Clients(world)
  clients.start()
  unleash(world)
  operate(world)
  while (world.journal.events < events && world.schedule.now < maxSimulatedMs) world.step()
  recover(world, clients)
}

function countLeaderChanges(world: World): void {
  const leaders = [...world.observer.ghost.leaders.values()].sort((a, b) => a.term - b.term)
  leaders.forEach(({ id }, i) => {
    if (i > 0 && leaders[i - 1]!.id !== id) world.coverage.saw('leader change')
  })
}

/** The core throws when one of its own invariants breaks: that counts like one of ours. */
function explain(error: unknown, step: number): NonNullable<RunResult['failure']> {
  if (error instanceof Violation) return { step, invariant: error.invariant, message: error.message }
  if (error instanceof Error) return { step, invariant: 'no-exception', message: error.stack ?? error.message }
  return { step, invariant: 'no-exception', message: String(error) }
}
