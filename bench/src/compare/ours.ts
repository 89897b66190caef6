import { KvCluster } from '../cluster/kv-cluster.ts'
import type { Contestant } from './contestant.ts'

export const ours: Contestant = {
  name: 'kv-server',
  api: 'workshop',
  reads: 'linearizable (ReadIndex)',
  async start() {
    const cluster = await KvCluster.start({ size: 3 })
    const { url } = await cluster.leader()
    return { url, watched: await cluster.watched(), stop: () => cluster.close() }
  },
}

/** A server that somebody else runs, and keeps running. */
export function running(url: string): Contestant {
  return { name: url, api: 'workshop', reads: 'as it answers', start: async () => ({ url, watched: [], stop: async () => {} }) }
}
