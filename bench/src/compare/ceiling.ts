import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Managed } from '../process/managed.ts'
import { freePorts } from '../process/ports.ts'
import { until } from '../process/until.ts'
import type { Contestant } from './contestant.ts'

const program = fileURLToPath(new URL('./ceiling-child.ts', import.meta.url))

/** What Node could do at most with HTTP in the leader's event loop: group commit and two followers that flush, and nothing of Raft. */
export const ceiling: Contestant = {
  name: 'ceiling (no Raft)',
  api: 'workshop',
  reads: 'none: from memory',
  async start(folder) {
    const [http, ...ports] = await freePorts(3)
    const start = (args: readonly (string | number)[]) =>
      new Managed('ceiling', { file: process.execPath, args: ['--import', 'tsx', program, ...args.map(String)] })
    const followers = ports.map((port, at) => start(['follower', port, join(folder, `follower${at}`)]))
    await until('followers', () => followers.every(({ output }) => output.includes('up')) || undefined)
    const leader = start(['leader', http!, join(folder, 'leader'), ...ports])
    await until('the ceiling', () => leader.output.includes('up') || undefined)
    const watched = [{ name: 'leader', pid: leader.pid }, ...followers.map(({ pid }) => ({ name: 'followers', pid }))]
    const stop = async () => void (await Promise.all([leader, ...followers].map(process => process.kill())))
    return { url: `http://127.0.0.1:${http}`, watched, stop }
  },
}
