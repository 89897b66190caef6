import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeDataFolder, removeDataFolder } from '../cluster/data-folder.ts'
import { type Figure, figureOf } from '../figure.ts'
import { decimals, whole } from '../format.ts'
import { measure } from '../load/load.ts'
import { openLoop } from '../load/open-loop.ts'
import { freePorts } from '../process/ports.ts'
import { Remote } from '../process/rpc.ts'
import { until } from '../process/until.ts'
import type { Progress } from '../progress.ts'
import type { ServerOptions, SnapshotReport } from './server-child.ts'

const program = fileURLToPath(new URL('./server-child.ts', import.meta.url))
const perRequest = 1_000
const writesPerSecond = 500
const two = decimals(2)

/** Writes at a steady rate, without and then while a snapshot of all keys is taken on the leader. */
export async function snapshotPause(
  { snapshotKeys }: { readonly snapshotKeys: number },
  notes: string[],
  progress: Progress,
): Promise<Figure[]> {
  const folder = makeDataFolder()
  const ports = await freePorts(6)
  const servers: Remote[] = []
  try {
    for (let at = 0; at < 3; at++) {
      const [http, raft] = [`127.0.0.1:${ports[2 * at]}`, `127.0.0.1:${ports[2 * at + 1]}`]
      const join_ = at === 0 ? [] : [`127.0.0.1:${ports[0]}`]
      servers.push(new Remote(program))
      await servers[at]!.call('start', {
        id: `n${at + 1}`,
        dir: join(folder, `n${at + 1}`),
        http,
        raft,
        join: join_,
      } satisfies ServerOptions)
    }
    const leader = await until('a leader', async () => {
      const leads = await Promise.all(servers.map(server => server.call<boolean>('leads')))
      return leads.indexOf(true) < 0 ? undefined : leads.indexOf(true)
    })
    const url = `http://127.0.0.1:${ports[2 * leader]}`
    await fillKeys(url, snapshotKeys, progress)
    return await compareWrites(servers, leader, url, snapshotKeys, notes, progress)
  } finally {
    await Promise.all(servers.map(server => server.kill()))
    removeDataFolder(folder)
  }
}

async function compareWrites(
  servers: readonly Remote[],
  leader: number,
  url: string,
  keys: number,
  notes: string[],
  progress: Progress,
): Promise<Figure[]> {
  const watched = servers.map((server, at) => server.watched(at === leader ? 'leader' : 'followers'))
  const load = { url, kind: 'put', connections: 64, seconds: 5 } as const
  const place = (name: string) => ({ name: `${writesPerSecond} writes/s ${name}`, series: name, at: keys })
  progress.now('recovery: writes without a snapshot')
  await measure(openLoop(writesPerSecond), load, [])
  const quiet = await measure(openLoop(writesPerSecond), load, watched)
  progress.now(`recovery: writes while a snapshot of ${whole(keys)} keys is taken`)
  const during = measure(openLoop(writesPerSecond), load, watched)
  const report = await servers[leader]!.call<SnapshotReport>('snapshot', 1_000)
  const busy = await during
  notes.push(
    `The snapshot of ${whole(keys)} keys took ${two(report.seconds)} s; the leader's event loop was held up meanwhile by ` +
      `p99 ${two(report.delay.p99)} ms, at most ${two(report.delay.max)} ms.`,
  )
  return [figureOf(place('without a snapshot'), [quiet]), figureOf(place('while a snapshot is taken'), [busy])]
}

/** Many keys in one entry: what counts here is how many there are. */
async function fillKeys(url: string, keys: number, progress: Progress): Promise<void> {
  for (let at = 0; at < keys; at += perRequest) {
    if (at % 20_000 === 0) progress.now(`recovery: ${whole(at)} of ${whole(keys)} keys for the snapshot`)
    const pairs = Array.from({ length: Math.min(perRequest, keys - at) }, (_, i) => [
      `fill${String(at + i).padStart(8, '0')}`,
      'v'.repeat(64),
    ])
    const response = await fetch(`${url}/key`, { method: 'POST', body: JSON.stringify(Object.fromEntries(pairs)) })
    if (!response.ok) throw new Error(`filling failed: ${response.status} ${await response.text()}`)
    await response.arrayBuffer()
  }
}
