import { setTimeout as sleep } from 'node:timers/promises'
import { Args, Flags } from '@oclif/core'
import { KvClient } from 'kv-client'
import { checkMajority } from '../../cluster/before-removal.ts'
import { type Answered, gather } from '../../cluster/gather.ts'
import { RaftCommand } from '../../command/base.ts'
import { clientFlags } from '../../command/client-flags.ts'
import { durationFlag } from '../../command/duration.ts'
import { exitCodes } from '../../command/exit-codes.ts'
import { outputFlags } from '../../command/output-flags.ts'
import { printer } from '../../command/print.ts'
import { prose } from '../../command/prose.ts'
import { type ConnectionFlags, secured, settingsOf } from '../../command/settings.ts'
import { tlsFetch } from '../../command/tls-fetch.ts'
import { isAlive, type RunningNode, readWord } from '../../stopping/running-node.ts'

const askMs = 1_500

type Stopped = { readonly id: string | null; readonly pid: number; readonly leader: string | null }

export default class NodeStopGracefully extends RaftCommand {
  static override summary = 'Stop the node that runs on a data folder, and wait until it has stopped'

  static override description =
    prose(`To be run on the machine of the node. It hands leadership over, answers what is open and leaves: SIGTERM and Ctrl-C do the same, and
this waits for it. Refused where the cluster would be without a majority afterwards, unless --force is said. A node that is stopped stays a
member, and goes on with "node start".

Exit codes: 0 stopped, 1 refused or still running, 2 wrong command line, 4 no node runs there.`)

  static override examples = [
    '<%= config.bin %> node stop-gracefully /tmp/raft1',
    { description: 'The last node of a cluster', command: '<%= config.bin %> node stop-gracefully /tmp/raft1 --force' },
  ]

  static override args = { dir: Args.string({ description: "the node's data folder", required: true, ignoreStdin: true }) }

  static override flags = {
    force: Flags.boolean({ description: 'although the others would be no majority', default: false }),
    wait: durationFlag('wait', { description: 'how long to wait for it', value: '10s' }),
    token: clientFlags.token,
    cacert: clientFlags.cacert,
    cert: clientFlags.cert,
    key: clientFlags.key,
    ...outputFlags,
  }

  async run(): Promise<Stopped> {
    const { args, flags } = await this.parse(NodeStopGracefully)
    const running = await this.#runningOn(args.dir)
    const { id, members, leader: leaderAfter } = await around(running, flags)
    if (!flags.force && id !== null && members.length > 0) checkMajority(members, id, 'stops')
    process.kill(running.pid, 'SIGTERM')
    const waitMs = flags.wait ?? 10_000
    for (let end = performance.now() + waitMs; isAlive(running.pid); await sleep(20)) {
      if (performance.now() < end) continue
      this.fail(`process ${running.pid} still runs after ${waitMs} ms; wait longer with --wait, or end it: kill -9 ${running.pid}`)
    }
    const leader = await leaderAfter()
    const stopped = { id, pid: running.pid, leader }
    const next = leader === null ? '' : `; ${leader} leads`
    printer(flags).print(stopped, { table: () => `${id ?? args.dir} has stopped${next}` })
    return stopped
  }

  async #runningOn(dir: string): Promise<RunningNode> {
    const { inspect } = await import('raft-node/inspect')
    const inUse = await inspect(dir).then(
      () => false,
      error => {
        if (error.code === 'FOLDER_FOREIGN') this.fail(error.message, exitCodes.notFound)
        return error.code === 'FOLDER_IN_USE' ? true : Promise.reject(error)
      },
    )
    if (!inUse) this.fail(`no node runs on ${dir}`, exitCodes.notFound)
    const running = await readWord(dir)
    if (running !== undefined && isAlive(running.pid)) return running
    return this.fail(
      `${dir} is in use, but not by a node that ${this.config.bin} has started on this machine: stop it where it was started`,
    )
  }
}

type Around = {
  readonly id: string | null
  readonly members: readonly Answered[]
  readonly leader: () => Promise<string | null>
}

/** The node, its cluster, and who leads without it. A node that does not answer can be stopped all the same. */
async function around({ http, secure }: RunningNode, flags: ConnectionFlags): Promise<Around> {
  const { endpoints, files, token, isSecure } = await settingsOf({ ...flags, endpoints: [secure ? `https://${http}` : http] })
  const client = new KvClient({ endpoints, token, timeoutMs: askMs, fetch: isSecure ? await tlsFetch(files) : undefined })
  const ask = (endpoint: string) => client.status({ endpoint: secured(endpoint, isSecure) })
  const status = await client.status().catch(() => undefined)
  const gathered = status && (await gather(endpoints, ask).catch(() => undefined))
  const others = (status?.members ?? []).map(({ clientAddress }) => clientAddress).filter(address => address !== '' && address !== http)
  // The others may take a moment to hear of the new one.
  const leader = async () => {
    for (const end = performance.now() + askMs; performance.now() < end; await sleep(50)) {
      for (const address of others) {
        const now = await ask(address).catch(() => undefined)
        if (now?.leader != null && now.leader.id !== status?.id) return now.leader.id
      }
      if (others.length === 0) break
    }
    return null
  }
  return { id: status?.id ?? null, members: gathered?.members ?? [], leader }
}
