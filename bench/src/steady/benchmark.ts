import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { KvCluster } from '../cluster/kv-cluster.ts'
import { figureOf } from '../figure.ts'
import { decimals, whole } from '../format.ts'
import { autocannon } from '../load/autocannon.ts'
import { measure } from '../load/load.ts'
import { findWrk } from '../load/wrk.ts'
import { figuresTable } from '../report/figures-table.ts'
import { Leadership } from './leadership.ts'

const connections = 256
const lookMs = 500

export const steady: Benchmark = {
  about: 'ten minutes (or --minutes N) of writes as fast as they go: nobody may be elected, or it fails',
  run,
}

/** Rejects if a term began or another node led meanwhile: a leader that is only busy must not be taken for a dead one. */
async function run({ quick, everything, minutes = quick || everything ? 0.5 : 10, progress }: Settings): Promise<Outcome> {
  await using cluster = await KvCluster.start({ size: 3 })
  const generator = (await findWrk()) ?? autocannon
  const leader = await cluster.leader()
  const leadership = new Leadership(leader.id)
  const seconds = Math.ceil(minutes * 60)
  const load = { url: leader.url, kind: 'put', connections, seconds } as const
  let done = false
  const measuring = measure(generator, load, await cluster.watched()).finally(() => {
    done = true
  })
  const started = performance.now()
  while (!done) {
    leadership.look(await Promise.all(cluster.nodes.map(node => node.status())))
    progress.now(`steady: ${whole((performance.now() - started) / 1000)} of ${seconds} s`)
    await sleep(lookMs)
  }
  const figure = figureOf({ name: `${connections} connections`, series: 'full load', at: minutes }, [await measuring])
  const elections = leadership.changes()
  if (elections.length > 0) throw new Error(`there were elections in ${decimals(1)(minutes)} minutes of full load: ${elections.join(', ')}`)
  const notes = [`No election in ${decimals(1)(minutes)} minutes: ${leadership.summary()}`]
  return { text: [figuresTable([figure]), notes.join('\n')].join('\n\n'), data: { notes, minutes }, figures: [figure] }
}
