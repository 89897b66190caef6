import { setTimeout as sleep } from 'node:timers/promises'
import type { NonLeaderMode } from 'kv-client'
import type { KvServer } from 'kv-server'
import { endpointOf, listOf } from '../command/endpoint.ts'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'
import { leaveWord } from '../stopping/running-node.ts'
import { banner, programName } from './banner.ts'
import { holdGarbage } from './heap.ts'
import { limitsOf } from './limit-flags.ts'
import { withReplaceCommand } from './replace-hint.ts'
import { keepCompiledAtRest } from './rest.ts'
import { checkSameCluster } from './same-cluster.ts'
import { Stopper } from './stop.ts'

/** What the flags of `node start` and `node join` say. */
export type NodeFlags = {
  readonly dir: string
  readonly http: string
  readonly raft: string | undefined
  readonly id: string | undefined
  readonly join: readonly string[] | undefined
  readonly replace: boolean
  readonly 'non-leader': NonLeaderMode
  readonly 'log-store': 'level' | 'wal' | undefined
  readonly 'snapshot-entries': number
  readonly 'snapshot-bytes': number
  readonly 'min-free-bytes'?: number
  readonly 'reserve-bytes'?: number
  readonly 'tick-ms'?: number
  readonly 'election-ticks'?: number
  readonly 'tls-cert'?: string | undefined
  readonly 'tls-key'?: string | undefined
  readonly 'tls-client-ca'?: string | undefined
  readonly 'peer-cert'?: string | undefined
  readonly 'peer-key'?: string | undefined
  readonly 'peer-ca'?: string | undefined
  readonly tokens?: string | undefined
  readonly 'join-secret'?: string | undefined
  readonly 'join-ca'?: string | undefined
  readonly 'cors-origins'?: readonly string[] | undefined
  readonly insecure?: boolean
  readonly 'log-level': string
  readonly 'log-format': string
  readonly quiet: boolean
}

/** Starts a node and resolves once it serves; from then on the open server keeps the process alive, until a signal stops it. */
export async function runNode(flags: NodeFlags, bin: string): Promise<void> {
  const started = holdGarbage()
  const addresses = addressesOf(flags)
  const stopper = new Stopper(bin)
  stopper.listen()
  exitOnSurprise(bin)
  const starting = start(flags, addresses, stopper)
  stopper.watch(starting)
  try {
    const { node, httpAddress, raftAddress } = await starting
    started()
    keepCompiledAtRest()
    const { nodeId, clusterId } = node.identity
    await leaveWord(flags.dir, { pid: process.pid, http: httpAddress, secure: flags['tls-cert'] !== undefined })
    const running = { id: nodeId, clusterId, dir: flags.dir, httpAddress, raftAddress }
    process.stdout.write(`${banner(running, { program: programName(bin), quiet: flags.quiet })}\n`)
  } catch (error) {
    // Asked to stop while it was starting: that it did not start is then no failure.
    if (!stopper.stopping) throw withReplaceCommand(error, flags, programName(bin))
  }
}

async function start(flags: NodeFlags, { http, raft, join }: Addresses, stopper: Stopper): Promise<KvServer> {
  // Loaded here and not above: `kv get` and `--help` need none of it.
  const [{ startServer }, { nodeLog }] = await Promise.all([import('kv-server'), import('./log.ts')])
  const log = nodeLog({ level: flags['log-level'], format: flags['log-format'] })
  const server = await startServer({
    dir: flags.dir,
    http,
    raft,
    join,
    id: flags.id,
    replace: flags.replace,
    nonLeader: flags['non-leader'],
    logStore: flags['log-store'],
    snapshotEntries: flags['snapshot-entries'],
    snapshotBytes: flags['snapshot-bytes'],
    // Half of them stay behind a snapshot, so that a node which was away for a moment needs none.
    trailingEntries: Math.floor(flags['snapshot-entries'] / 2),
    minFreeBytes: flags['min-free-bytes'],
    reserveBytes: flags['reserve-bytes'],
    tickMs: flags['tick-ms'],
    electionTicks: flags['election-ticks'],
    limits: limitsOf(flags),
    tls: tlsOf(flags),
    peerTls: peerTlsOf(flags),
    tokens: flags.tokens,
    joinSecret: flags['join-secret'],
    joinCa: flags['join-ca'],
    corsOrigins: flags['cors-origins'],
    insecure: flags.insecure,
    log,
    onFatal: ({ message }) => stopper.fail(message),
  })
  // Who gave files wants to change them while the node runs; otherwise it means that the terminal has gone.
  const files = [flags['tls-cert'], flags['peer-cert'], flags.tokens]
  if (files.some(file => file !== undefined)) stopper.onHangUp(() => server.reload())
  try {
    await replayed(server)
    const { identity, members } = server.node.status()
    const folder = { dir: flags.dir, clusterId: identity.clusterId, members: members.length }
    await checkSameCluster(folder, join, { token: flags['join-secret'], tls: joinTlsOf(flags), say: message => log.info(message) })
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

function tlsOf({ 'tls-cert': cert, 'tls-key': key, 'tls-client-ca': clientCa }: NodeFlags) {
  return cert === undefined || key === undefined ? undefined : { cert, key, clientCa }
}

/** As it joins: it shows its own certificate. */
function joinTlsOf(flags: NodeFlags) {
  return tlsOf(flags) && { cacert: flags['join-ca'], cert: flags['tls-cert'], key: flags['tls-key'] }
}

function peerTlsOf({ 'peer-cert': cert, 'peer-key': key, 'peer-ca': ca }: NodeFlags) {
  return cert === undefined || key === undefined || ca === undefined ? undefined : { cert, key, ca }
}

/** Whom a folder knows as members is complete once what it holds as committed is applied again. */
async function replayed({ node }: KvServer): Promise<void> {
  const { commit } = node.status()
  while (node.status().applied < commit && node.status().fault === undefined) await sleep(10)
}

type Addresses = { readonly http: string; readonly raft: string; readonly join: readonly string[] }

/** Without --raft, the workshop's habit: 8180 for clients, 8186 for peers. */
function addressesOf({ http, raft, join }: NodeFlags): Addresses {
  const clients = endpointOf(http, '--http')
  const beside = clients.replace(/\d+$/, port => String(port === '0' ? 0 : Number(port) + 6))
  const peers = endpointOf(raft ?? beside, '--raft')
  if (peers === clients && !clients.endsWith(':0'))
    throw new Failure(`--http and --raft are both ${clients}: clients and peers need a port each`, exitCodes.usage)
  return {
    http: clients,
    raft: peers,
    join: listOf(join).map(address => endpointOf(address, '--join')),
  }
}

/** An error that nobody caught leaves the node in a state nobody knows. One line, and out: the log on disk is what counts. */
function exitOnSurprise(bin: string): void {
  process.on('uncaughtException', error => {
    if (process.env.RAFTCTL_DEBUG) process.stderr.write(`${error?.stack}\n`)
    process.stderr.write(`${bin}: this is a bug, the node stops: ${String(error?.message ?? error).replace(/\s*\n\s*/g, ' ')}\n`)
    process.exit(1)
  })
}
