import { join } from 'node:path'
import { goProgram } from '../go-build.ts'
import { Managed } from '../process/managed.ts'
import { freePorts } from '../process/ports.ts'
import { until } from '../process/until.ts'
import type { Progress } from '../progress.ts'
import type { Contestant, Running } from './contestant.ts'
import { etcdClient } from './etcd-client.ts'

type Member = { readonly at: number; readonly peer: string; readonly client: string; readonly dir: string }

/** Whoever can be had; of the others why not. */
export async function gatherPeers(
  builders: Readonly<Record<string, () => Promise<Contestant>>>,
  progress: Progress,
): Promise<{ readonly peers: Contestant[]; readonly notes: string[] }> {
  const peers: Contestant[] = []
  const notes: string[] = []
  for (const [name, make] of Object.entries(builders)) {
    progress.now(`building ${name}, which can take minutes the first time`)
    try {
      peers.push(await make())
    } catch (error) {
      notes.push(`${name} was left out: ${error instanceof Error ? error.message : error}.`)
    }
  }
  return { peers, notes }
}

/** Built here and now; rejects with one line of why not. */
export async function hashicorp(): Promise<Contestant> {
  const file = await goProgram('hashicorp')
  const args = ({ at, peer, client, dir }: Member, all: readonly Member[]) => {
    const peers = all.map(member => `n${member.at}=${member.peer}`).join(',')
    return ['server', '-id', `n${at}`, '-raft', peer, '-http', client, '-dir', dir, '-peers', peers]
  }
  return {
    name: 'hashicorp/raft + raft-wal',
    api: 'workshop',
    reads: 'Barrier (a log write for each)',
    start: folder => startThree(folder, file, args, saysLeader),
  }
}

export async function dragonboat(): Promise<Contestant> {
  const file = await goProgram('dragonboat')
  const args = ({ at, client, dir }: Member, all: readonly Member[]) => {
    const peers = all.map(member => `${member.at}=${member.peer}`).join(',')
    return ['-id', String(at), '-http', client, '-dir', dir, '-peers', peers]
  }
  return { name: 'dragonboat', api: 'workshop', reads: 'SyncRead (ReadIndex)', start: folder => startThree(folder, file, args, saysLeader) }
}

/** `protocol`: its JSON gateway, or gRPC with its own client. */
export async function etcd(protocol: 'JSON' | 'gRPC'): Promise<Contestant> {
  const file = await goProgram('etcd')
  const generator = protocol === 'gRPC' ? { generator: await etcdClient() } : {}
  return {
    name: `etcd, ${protocol}`,
    api: 'etcd',
    reads: 'linearizable (ReadIndex)',
    ...generator,
    start: folder => startThree(folder, file, etcdArgs, etcdLeads),
  }
}

function etcdArgs({ at, peer, client, dir }: Member, all: readonly Member[]): string[] {
  const urls = { '--listen-client-urls': client, '--advertise-client-urls': client, '--listen-peer-urls': peer }
  const cluster = all.map(member => `n${member.at}=http://${member.peer}`).join(',')
  return [
    ...['--name', `n${at}`, '--data-dir', dir, '--initial-cluster', cluster, '--initial-cluster-token', 'bench', '--log-level', 'error'],
    ...Object.entries({ ...urls, '--initial-advertise-peer-urls': peer }).flatMap(([flag, address]) => [flag, `http://${address}`]),
    ...['--quota-backend-bytes', String(8 * 2 ** 30)],
  ]
}

async function startThree(
  folder: string,
  file: string,
  argsOf: (member: Member, all: readonly Member[]) => string[],
  leads: (url: string) => Promise<boolean>,
): Promise<Running> {
  const ports = await freePorts(6)
  const members = [1, 2, 3].map(at => {
    const [peer, client] = [`127.0.0.1:${ports[2 * at - 2]}`, `127.0.0.1:${ports[2 * at - 1]}`]
    return { at, peer, client, dir: join(folder, `n${at}`) }
  })
  const processes = members.map(member => new Managed(`n${member.at}`, { file, args: argsOf(member, members) }))
  const stop = async () => void (await Promise.all(processes.map(process => process.kill())))
  try {
    const urls = members.map(({ client }) => `http://${client}`)
    const leader = await until('a leader', async () => {
      const ended = processes.find(process => !process.running)
      if (ended !== undefined) throw new Error(`it has ended: ${ended.lastWords}`)
      const all = await Promise.all(urls.map(url => leads(url).catch(() => false)))
      return all.includes(true) ? all.indexOf(true) : undefined
    })
    const watched = processes.map(({ pid }, at) => ({ name: at === leader ? 'leader' : 'followers', pid }))
    return { url: urls[leader]!, watched, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function saysLeader(url: string): Promise<boolean> {
  const response = await fetch(`${url}/status`, { signal: AbortSignal.timeout(1_000) })
  return ((await response.json()) as { state: string }).state === 'Leader'
}

async function etcdLeads(url: string): Promise<boolean> {
  const response = await fetch(`${url}/v3/maintenance/status`, { method: 'POST', body: '{}', signal: AbortSignal.timeout(1_000) })
  const { leader, header } = (await response.json()) as { leader?: string; header?: { member_id?: string } }
  return leader !== undefined && leader !== '0' && leader === header?.member_id
}
