// One member of a cluster whose callers are in the same process; the benchmark calls it over IPC.
import { setTimeout as sleep } from 'node:timers/promises'
import { type JoinAnswer, type JoinRequest, ReplicatedMap } from 'raft-node'
import { Latencies } from '../load/latencies.ts'
import type { LoadResult } from '../load/load.ts'
import { serveParent } from '../process/rpc.ts'
import type { CallersLoad } from './contender.ts'

export type StartOptions = { readonly id: string; readonly dir: string; readonly founds: boolean }

let map: ReplicatedMap<string> | undefined

const ask = serveParent({
  start: async ({ id, dir, founds }: StartOptions) => {
    const join = (request: JoinRequest) => ask('join', request) as Promise<JoinAnswer>
    const how = founds ? { bootstrap: true } : { join }
    map = await ReplicatedMap.open<string>({ id, dir, listen: '127.0.0.1:0', ...how })
  },
  join: (request: JoinRequest) => opened().node.membership.join(request),
  voters: () => opened().node.status().membership.voters.length,
  leads: () => opened().node.status().role === 'leader',
  run: (load: CallersLoad) => run(opened(), load),
})

function opened(): ReplicatedMap<string> {
  if (map === undefined) throw new Error('this member was not started')
  return map
}

/** Each caller proposes again as soon as it has its answer. */
async function run(map: ReplicatedMap<string>, { callers, seconds, valueBytes, keys }: CallersLoad): Promise<LoadResult> {
  const latencies = new Latencies()
  const value = 'v'.repeat(valueBytes)
  const started = performance.now()
  const end = started + 1000 * seconds
  let next = 0
  let errors = 0
  const caller = async () => {
    while (performance.now() < end) {
      const sent = performance.now()
      try {
        await map.set(`key${next++ % keys}`, value)
        latencies.record(performance.now() - sent)
      } catch {
        errors += 1
        await sleep(10)
      }
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return { perSecond: (1000 * latencies.count) / (performance.now() - started), latency: latencies.summary(), errors }
}
