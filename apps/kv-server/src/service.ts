import type { NonLeaderMode } from 'kv-client'
import type { Node } from 'raft-node'
import { HostWatch } from './host-watch.ts'
import type { Service } from './http/exchange.ts'
import type { Limits } from './http/limits.ts'
import { Load } from './http/load.ts'
import { Pages } from './http/pages.ts'
import { EventLoopWatch } from './metrics/event-loop.ts'
import { Metrics } from './metrics/metrics.ts'
import type { Connections } from './quorum-view.ts'
import type { Authority } from './security/authority.ts'
import type { CommandResult } from './store/command.ts'
import type { KvStore } from './store/kv-store.ts'
import { Turns } from './watching/turns.ts'
import { Watchers } from './watching/watchers.ts'

type Options = {
  readonly store: KvStore
  readonly connections: Connections
  readonly limits: Limits
  readonly nonLeader?: NonLeaderMode | undefined
  readonly authority?: Authority | undefined
  readonly scheme?: 'http' | 'https'
  readonly pages?: Pages
  readonly metrics?: Metrics
  readonly expiries?: Service['expiries']
}

/** What the routes serve, as long as the server runs: the node is given to it once it has started. */
export function makeService({
  store,
  connections,
  limits,
  nonLeader = 'forward',
  authority,
  scheme = 'http',
  pages = new Pages(),
  metrics,
  expiries = () => ({}),
}: Options) {
  const turns = new Turns(store.history)
  const eventLoop = new EventLoopWatch()
  const host = new HostWatch()
  const parts = {
    store,
    connections,
    limits,
    nonLeader,
    authority,
    scheme,
    pages,
    expiries,
    turns,
    eventLoop,
    host,
    load: new Load(limits),
    metrics: metrics ?? new Metrics(),
    watchers: new Watchers(store.history, turns),
  }
  let service: Service = { ...parts, node: undefined }
  return {
    current: () => service,
    started(node: Node<CommandResult>, dir?: string): void {
      service = { ...parts, node }
      if (dir !== undefined) host.begin(dir)
    },
    stop(): void {
      eventLoop.stop()
      host.stop()
    },
  }
}
