import type { NonLeaderMode } from 'kv-client'
import type { Logger } from 'pino'
import { type Node, type PeerCertificates, RaftError, RaftNode, systemClock, type World } from 'raft-node'
import { type Address, formatAddress, parseAddress, probeAddress } from './address.ts'
import { PeerConnections } from './connections.ts'
import { EventLog } from './event-log.ts'
import { defaultLimits, type Limits } from './http/limits.ts'
import { Pages } from './http/pages.ts'
import { HttpServer } from './http/server.ts'
import { joinVia } from './join-cluster.ts'
import { checkExposure, checkPeerExposure, namesDoubted } from './security/exposure.ts'
import type { PeerTlsFiles } from './security/peer-tls.ts'
import { protectionFrom, reloadFiles } from './security/protection.ts'
import { contents, type TlsFiles } from './security/tls.ts'
import { makeService } from './service.ts'
import type { CommandResult } from './store/command.ts'
import { KvStore } from './store/kv-store.ts'
import { resultCodec } from './store/result-codec.ts'
import { Timekeeper } from './timekeeper.ts'

export type KvServerOptions = {
  /** The folder for log and snapshots; made when absent. */
  readonly dir: string
  /** Default: the raft address, such as `127.0.0.1:8186`. */
  readonly id?: string | undefined
  /** Where clients connect: `host:port`, default `localhost:8180`. Port 0 takes a free one. `localhost` is 127.0.0.1. */
  readonly http?: string | undefined
  /** Where the other nodes connect: `host:port`, default `localhost:8186`. Port 0 takes a free one. */
  readonly raft?: string | undefined
  /** HTTP addresses of members. On a new folder: join their cluster, instead of founding one. Otherwise: no effect. */
  readonly join?: readonly string[] | undefined
  /** The folder is new although the id is a member: take that member's place. */
  readonly replace?: boolean | undefined
  /** What to do with requests for keys on a node that does not lead. Default `forward`. */
  readonly nonLeader?: NonLeaderMode | undefined
  /** The log store. A folder made with the other one is refused. Default: the one that has made the folder, and `wal` for a new one. */
  readonly logStore?: 'level' | 'wal' | undefined
  /** Take a snapshot after so many entries or bytes. Defaults 10,000 and 64 MiB. */
  readonly snapshotEntries?: number | undefined
  readonly snapshotBytes?: number | undefined
  readonly trailingEntries?: number | undefined
  /** Writes are refused (507) while the disk has less room than so many bytes beside the reserve. Default 64 MiB. */
  readonly minFreeBytes?: number | undefined
  /** Bytes of a file that is given up when the disk is full. Default 8 MiB; 0: none. */
  readonly reserveBytes?: number | undefined
  readonly tickMs?: number | undefined
  readonly electionTicks?: number | undefined
  readonly limits?: { readonly [Name in keyof Limits]?: Limits[Name] | undefined } | undefined
  /** Serve HTTPS; with `clientCa`, only to clients with a certificate. */
  readonly tls?: TlsFiles | undefined
  /** Mutual TLS between the nodes. Without it they talk in the clear, which only the loopback may be, unless `insecure`. */
  readonly peerTls?: PeerTlsFiles | undefined
  /** A file with the tokens of those who may ask, one in each line: role (read, write, admin), name, token. Default: anybody may. */
  readonly tokens?: string | undefined
  /** With `join`: a token with the role admin, or a join secret, of the cluster. */
  readonly joinSecret?: string | undefined
  /** With `join` and `tls`: a file with the authority that signs the HTTPS certificates of members. Default: those that the system trusts. */
  readonly joinCa?: string | undefined
  /**
   * Origins whose web pages may use this server from a browser, as `https://app.example.com`, or `*` for all. Default: none; pages of
   * others can neither read answers nor write. Without TLS and tokens a node on the loopback answers only to `localhost`, addresses, and
   * the names in here: another name may have been led there by a web page.
   */
  readonly corsOrigins?: readonly string[] | undefined
  /** Listen where others reach it, although there are no TLS and no tokens. */
  readonly insecure?: boolean | undefined
  readonly log?: Logger | undefined
  /** The node has met something that it cannot go on with, and serves no more. Closing it is up to the caller. */
  readonly onFatal?: ((fault: { readonly code: string; readonly message: string }) => void) | undefined
}

/** A running server. `await using` closes it. */
export interface KvServer extends AsyncDisposable {
  readonly node: Node<CommandResult>
  /** `host:port` in use. */
  readonly httpAddress: string
  readonly raftAddress: string
  /** Reads certificates and tokens anew; what cannot be read is logged, and the old ones stay. */
  reload(): void
  /** Answers what is in progress, hands leadership over, closes sockets and files; within two seconds. A second call returns the same promise. */
  close(): Promise<void>
}

/**
 * Starts a node of the replicated key-value store. Resolves once it serves HTTP and is a member of a cluster. `overrides` puts other
 * ports in place of the real ones, as `RaftNode.open` takes them: a disk that fails, for example.
 * @throws RaftError with one line that says what to do; then nothing is left running.
 */
export async function startServer(options: KvServerOptions, overrides: Partial<World> = {}): Promise<KvServer> {
  const { log } = options
  const wanted = {
    http: parseAddress(options.http ?? 'localhost:8180', 'http address'),
    raft: parseAddress(options.raft ?? 'localhost:8186', 'raft address'),
  }
  const join = options.join?.length ? joinVia(options.join, { secret: options.joinSecret, tls: certificatesOf(options) }) : undefined
  if (options.replace && join === undefined) {
    throw new RaftError('INVALID_ARGUMENT', 'replacing a member needs the HTTP address of another one: give --join as well')
  }
  if (wanted.http.port !== 0 && formatAddress(wanted.http) === formatAddress(wanted.raft)) {
    const both = formatAddress(wanted.http)
    throw new RaftError('INVALID_ARGUMENT', `http address and raft address are both ${both}: clients and peers need a port each`)
  }
  const protection = protectionFrom(options)
  checkExposure(wanted.http, 'http address', protection)
  checkPeerExposure(wanted.raft, protection)
  const connections = new PeerConnections()
  const limits = { ...defaultLimits, ...definedOnly(options.limits ?? {}) }
  const store = new KvStore({ revisions: limits.historyRevisionsMax, bytes: limits.historyBytesMax })
  const { authority, scheme } = protection
  const service = makeService({
    store,
    connections,
    limits,
    nonLeader: options.nonLeader,
    authority,
    scheme,
    pages: new Pages(options.corsOrigins, namesDoubted(wanted.http, protection)),
    expiries: protection.expiries,
  })

  // Ports before the folder: a start that fails on one leaves no folder behind. The port is open while the node starts, for health checks.
  const http = new HttpServer(service.current, log, protection.certificates())
  const raft = await probeAddress(wanted.raft, 'raft address')
  const httpAddress = formatAddress(await http.listen(wanted.http))
  let node: Node<CommandResult>
  try {
    const events = new EventLog(log, connections, service.current().metrics)
    node = await RaftNode.open(nodeOptions(options, { raft, httpAddress, join, store, events, peers: protection.peers }), overrides)
  } catch (error) {
    service.stop()
    http.close()
    throw error
  }
  service.started(node, options.dir)
  const timekeeper = new Timekeeper({ node, store, clock: systemClock() })
  const { nodeId } = node.identity
  const raftAddress = node.status().address
  log?.info({ id: nodeId, http: httpAddress, raft: raftAddress, dir: options.dir }, `server: ${nodeId} started, http ${httpAddress}`)
  const close = once(() => {
    timekeeper.stop()
    service.stop()
    return closeServer({ node, http, log })
  })
  const reload = () => reloadFiles(protection, http, log)
  return { node, httpAddress, raftAddress, reload, close, [Symbol.asyncDispose]: close }
}

/** With HTTPS, a node knows the members whom it asks, and shows them its own certificate. @throws RaftError INVALID_ARGUMENT */
function certificatesOf({ tls, joinCa }: KvServerOptions) {
  if (tls === undefined) return undefined
  return { cert: contents(tls.cert), key: contents(tls.key), ca: joinCa && contents(joinCa) }
}

type Parts = {
  readonly raft: Address
  readonly httpAddress: string
  readonly join: ReturnType<typeof joinVia> | undefined
  readonly store: KvStore
  readonly events: EventLog
  readonly peers: PeerCertificates | undefined
}

function nodeOptions(options: KvServerOptions, { raft, httpAddress, join, store, events, peers: tls }: Parts) {
  const { dir, replace, logStore: log, snapshotEntries, snapshotBytes, trailingEntries, tickMs, electionTicks, insecure, onFatal } = options
  const { minFreeBytes, reserveBytes } = options
  const listen = formatAddress(raft)
  return {
    id: options.id ?? listen.replace(/[[\]]/g, ''), // ids know no brackets
    dir,
    listen,
    clientAddress: httpAddress,
    stateMachine: store,
    resultCodec,
    ...(join === undefined ? { bootstrap: true } : { join }),
    ...definedOnly({
      replace,
      log,
      snapshotEntries,
      snapshotBytes,
      trailingEntries,
      minFreeBytes,
      reserveBytes,
      tickMs,
      electionTicks,
      tls,
      insecure,
    }),
    onEvent(event: Parameters<EventLog['observe']>[0]) {
      events.observe(event)
      if (event.type === 'fault' && isFatal(event.code)) onFatal?.({ code: event.code, message: event.message })
    },
  }
}

/** With these the node has stopped for good. With others (WIPED_MEMBER) it goes on refusing clients, which is how they learn why. */
function isFatal(code: string): boolean {
  return ['STORAGE_FAILED', 'INVARIANT_BROKEN', 'STATE_MACHINE', 'CORRUPT'].includes(code)
}

/** Time for requests in progress to be answered as if nothing had happened; the node, which takes its own time, then answers the rest. */
const drainMs = 200
/** Time for those last answers to leave. */
const lastAnswersMs = 100

async function closeServer({ node, http, log }: { node: Node<CommandResult>; http: HttpServer; log: Logger | undefined }): Promise<void> {
  log?.info('server: closing')
  const drained = http.drain()
  await atMost(drainMs, drained)
  try {
    await node.close()
    await atMost(lastAnswersMs, drained)
  } finally {
    http.close()
  }
  log?.info('server: closed')
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise(resolve => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= run())
}

function definedOnly<Options extends object>(options: Options): { [Name in keyof Options]?: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
