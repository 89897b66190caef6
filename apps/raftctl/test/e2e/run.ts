// npm run e2e: the exercise, kills, wipes and restarts with real processes on free ports, one line per scenario.
// Arguments choose scenarios whose names contain them.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endAll } from './harness/processes.ts'
import { spawnRaftctl } from './harness/raftctl.ts'
import type { Scenario } from './harness/scenario.ts'
import { badRequests } from './scenarios/bad-requests.ts'
import { badStarts } from './scenarios/bad-starts.ts'
import { chaos } from './scenarios/chaos.ts'
import { commandLine } from './scenarios/command-line.ts'
import { coordination } from './scenarios/coordination.ts'
import { crashes } from './scenarios/crashes.ts'
import { documents } from './scenarios/documents.ts'
import { inspections } from './scenarios/inspections.ts'
import { keys } from './scenarios/keys.ts'
import { devChaos, npmStart } from './scenarios/npm-start.ts'
import { operating } from './scenarios/operating.ts'
import { readme } from './scenarios/readme.ts'
import { recovery } from './scenarios/recovery.ts'
import { restarts } from './scenarios/restarts.ts'
import { routeAccess } from './scenarios/route-access.ts'
import { routeKv } from './scenarios/route-kv.ts'
import { routeLeases } from './scenarios/route-leases.ts'
import { routeLimits } from './scenarios/route-limits.ts'
import { routeLocks } from './scenarios/route-locks.ts'
import { routeOperating } from './scenarios/route-operating.ts'
import { routeRange } from './scenarios/route-range.ts'
import { routeTls } from './scenarios/route-tls.ts'
import { routeWatch } from './scenarios/route-watch.ts'
import { secured } from './scenarios/secured.ts'
import { stops } from './scenarios/stops.ts'
import { values } from './scenarios/values.ts'
import { wipes } from './scenarios/wipes.ts'
import { withoutCluster } from './scenarios/without-cluster.ts'
import { workshop } from './scenarios/workshop.ts'

const all = [
  ...workshop,
  ...restarts,
  ...crashes,
  ...chaos,
  ...wipes,
  ...stops,
  ...badStarts,
  ...badRequests,
  ...values,
  ...routeAccess,
  ...routeKv,
  ...routeLeases,
  ...routeLimits,
  ...routeLocks,
  ...routeOperating,
  ...routeRange,
  ...routeTls,
  ...routeWatch,
  ...commandLine,
  ...keys,
  ...coordination,
  ...operating,
  ...secured,
  ...withoutCluster,
  ...readme,
  ...recovery,
  ...inspections,
  ...npmStart,
  ...devChaos,
  ...documents,
]
const scenarioMsMax = 60_000
const words = process.argv.slice(2)
const chosen = all.filter(({ name }) => words.length === 0 || words.some(word => name.includes(word)))

const temporary = await mkdtemp(join(tmpdir(), 'raft-e2e-'))
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(
    signal,
    () =>
      void endAll()
        .then(clean)
        .then(() => process.exit(130)),
  )

await spawnRaftctl(['--version']).ended // builds when a source is newer, so that no scenario pays for it
let failed = 0
for (const [at, scenario] of chosen.entries()) if (!(await passes(scenario, join(temporary, String(at))))) failed++
await clean()
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed > 0 || chosen.length === 0 ? 1 : 0)

async function passes({ name, run, msMax = scenarioMsMax }: Scenario, folder: string): Promise<boolean> {
  const start = performance.now()
  const error = await mkdir(folder)
    .then(() => Promise.race([run(folder), tooLong(msMax)]))
    .then(
      () => undefined,
      error => error ?? new Error('rejected with nothing'),
    )
  await endAll()
  const seconds = `${((performance.now() - start) / 1_000).toFixed(1).padStart(5)} s`
  console.log(`${error === undefined ? 'ok  ' : 'FAIL'}  ${seconds}  ${name}`)
  if (error !== undefined) console.log(`      ${String(error?.stack ?? error).replaceAll('\n', '\n      ')}`)
  return error === undefined
}

/** Every wait has a deadline of its own; this is for a scenario that hangs all the same. */
async function tooLong(msMax: number): Promise<never> {
  await sleep(msMax, undefined, { ref: false })
  throw new Error(`still running after ${msMax / 1_000} s`)
}

function clean(): Promise<void> {
  return rm(temporary, { recursive: true, force: true })
}
