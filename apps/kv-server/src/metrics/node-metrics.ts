import type { Service } from '../http/exchange.ts'
import { isReachable, quorumView } from '../quorum-view.ts'
import { Exposition } from './exposition.ts'

/** Everything that this node can be watched by. No keys or values are in it. */
export function metricsText(service: Service): string {
  const text = new Exposition()
  raftMetrics(text, service)
  storeMetrics(text, service)
  httpMetrics(text, service)
  processMetrics(text, service)
  certificateMetrics(text, service)
  return text.toString()
}

function raftMetrics(text: Exposition, { node, connections, metrics }: Service): void {
  text.gauge('raft_up', '1 once the node has started and as long as it serves', node !== undefined && node.fault === undefined ? 1 : 0)
  if (node === undefined) return
  const status = node.status()
  const { voters, needed, reachable, failureTolerance } = quorumView(status, connections)
  text
    .include(node.metrics.prometheus())
    .gauge('raft_disk_full', '1 while this node takes no writes because its disk is full', Number(status.diskFull !== undefined))
    .gauge('raft_voters', 'members that vote', voters)
    .gauge('raft_voters_needed', 'voters that a majority takes', needed)
    .gauge('raft_voters_reachable', 'voters that this node can reach, itself included', reachable)
    .gauge('raft_failure_tolerance', 'voters that may still fail before writes stop', failureTolerance)
    .counter('raft_leader_changes_total', 'how often another leader was seen', metrics.leaderChanges)
    .counter('raft_faults_total', 'faults that kept the node from serving', metrics.faults)
  const peers = status.members.filter(({ id }) => id !== status.identity.nodeId)
  const each = (value: (peer: (typeof peers)[number]) => number | undefined) =>
    peers.flatMap(peer => {
      const sample = value(peer)
      return sample === undefined ? [] : [[{ peer: peer.id }, sample] as const]
    })
  text
    .family(
      'raft_peer_reachable',
      'gauge',
      '1 if the peer answers',
      each(({ id }) => (isReachable(status, id, connections) ? 1 : 0)),
    )
    .family(
      'raft_peer_match_index',
      'gauge',
      'last index on the disk of the peer, as the leader knows it',
      each(({ match }) => match),
    )
    .family(
      'raft_peer_lag_entries',
      'gauge',
      'how far the peer is behind the leader',
      // 0: it has not said yet what it has.
      each(({ match }) => (match ? status.last.index - match : undefined)),
    )
    .family(
      'raft_peer_last_contact_seconds',
      'gauge',
      'since the peer was heard of',
      each(({ lastContactMs: ms }) => ms && ms / 1000),
    )
}

function storeMetrics(text: Exposition, { store, watchers }: Service): void {
  text
    .gauge('kv_keys', 'keys in the store', store.size)
    .gauge('kv_leases', 'leases that live', store.leases.size)
    .gauge('kv_locks', 'locks that are held', store.locks.records.size)
    .gauge('kv_idempotency_keys', 'answers that are kept for idempotency keys', store.answers.size)
    .gauge('kv_log_time_seconds', 'log time: what leases and idempotency keys end by', store.time / 1000)
    .gauge('kv_watchers', 'clients that watch this node', watchers.size)
}

function httpMetrics(text: Exposition, { metrics, load }: Service): void {
  const routes = [...metrics.routes]
  text
    .gauge('http_requests_in_progress', 'requests that are being answered', load.requests)
    .gauge('http_requests_waiting', 'watches and waits for locks', load.waiters)
    .gauge('http_request_body_bytes_in_progress', 'bodies in memory', load.bodyBytes)
    .family(
      'http_requests_total',
      'counter',
      'requests answered',
      routes.flatMap(({ method, path, statuses }) => [...statuses].map(([code, count]) => [{ method, route: path, code }, count] as const)),
    )
    .family(
      'http_request_duration_seconds',
      'histogram',
      'from the end of the headers to the answer',
      routes.flatMap(route => {
        const labels = { method: route.method, route: route.path }
        const buckets = [...route.cumulative()].map(([le, count]) => [{ ...labels, le }, count, '_bucket'] as const)
        const count = buckets.at(-1)?.[1] ?? 0
        return [...buckets, [labels, route.seconds, '_sum'] as const, [labels, count, '_count'] as const]
      }),
    )
}

function processMetrics(text: Exposition, { eventLoop, host }: Service): void {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  text
    .counter('process_cpu_seconds_total', 'processor time', (user + system) / 1e6)
    .gauge('process_resident_memory_bytes', 'memory of the process', rss)
    .gauge('process_start_time_seconds', 'when the process began, as the wall clock had it', (Date.now() - process.uptime() * 1000) / 1000)
    .gauge('nodejs_heap_size_used_bytes', 'JavaScript objects', heapUsed)
    .gauge('nodejs_external_memory_bytes', 'buffers', external)
    .family('kv_build_info', 'gauge', 'always 1: the version is a label', [[{ version: host.server.version }, 1]])
    .gauge('disk_data_bytes', 'what the data folder takes', host.disk?.dataBytes)
    .gauge('disk_free_bytes', 'what is free on the disk of the data folder', host.disk?.freeBytes)
    .gauge('disk_sync_seconds', 'how long a small flush took, the one in the middle of the last minute', seconds(host.disk?.syncMs))
    .gauge('nodejs_eventloop_lag_seconds', 'the longest that the event loop was late within ten seconds', eventLoop.lagMs / 1000)
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)

function certificateMetrics(text: Exposition, { expiries }: Service): void {
  const samples = Object.entries(expiries()).map(([use, ms]) => [{ use }, ms / 1000] as const)
  if (samples.length === 0) return
  text.family('tls_certificate_expiry_time_seconds', 'gauge', 'when the certificate in use ends, as the wall clock has it', samples)
}
