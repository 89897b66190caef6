import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadResult } from '../load/load.ts'
import { Remote } from '../process/rpc.ts'
import { until } from '../process/until.ts'
import type { CallersLoad, Contender } from './contender.ts'
import type { StartOptions } from './member-child.ts'

const program = fileURLToPath(new URL('./member-child.ts', import.meta.url))

/** Three processes with a ReplicatedMap each. */
export const ours: Contender = {
  name: 'raft-node, apply()',
  series: 'raft-node',
  async start(folder) {
    const members: Remote[] = []
    const stop = async () => void (await Promise.all(members.map(member => member.kill())))
    try {
      await startMembers(folder, members)
    } catch (error) {
      await stop()
      throw error
    }
    return {
      run: async (load: CallersLoad) => (await leaderOf(members)).call<LoadResult>('run', load),
      watched: async () => {
        const leader = await leaderOf(members)
        return members.map(member => member.watched(member === leader ? 'leader' : 'followers'))
      },
      stop,
    }
  },
}

/** The first founds the cluster; the others join by asking it through this process. */
async function startMembers(folder: string, members: Remote[]): Promise<void> {
  for (const id of ['n1', 'n2', 'n3']) {
    const member = new Remote(program, { join: (request: unknown) => members[0]!.call('join', request) })
    members.push(member)
    await member.call('start', { id, dir: join(folder, id), founds: members.length === 1 } satisfies StartOptions)
  }
  await until('all are voters', async () => (await members[0]!.call<number>('voters')) === members.length || undefined)
}

function leaderOf(members: readonly Remote[]): Promise<Remote> {
  return until('a leader', async () => {
    const leads = await Promise.all(members.map(member => member.call<boolean>('leads')))
    return members[leads.indexOf(true)]
  })
}
