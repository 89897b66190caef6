import type { Simulated } from 'raft-sim'
import { simulateCore, simulateHealthy, simulateNode } from 'raft-sim'
import { kvApplication, operatedKvApplication } from './kv-application.ts'

export const cores: Simulated = {
  run: (seed, print, simpler) => simulateCore({ seed, ...simpler, ...(print && { print }) }),
  command: 'npm run sim -- --core',
  kind: 'core',
  healthy: simulateHealthy,
  mustSee: [
    'read on a follower',
    'expired read',
    'refused proposal',
    'joint membership',
    'learner',
    'restart',
    'pause',
    'partition',
    'lost message',
    'repeated message',
    'late message',
    'snapshot taken',
    'compaction',
    'overlapping saves',
    'only a quorum healed',
  ],
  minSeeds: 30,
}

/** In one run of eight there are operators, who restore snapshots and let nodes in. */
function applicationOf(seed: number): typeof kvApplication {
  return seed % 8 === 3 ? operatedKvApplication : kvApplication
}

export const nodes: Simulated = {
  run: (seed, print, simpler) => simulateNode({ seed, application: applicationOf(seed), ...simpler, ...(print && { print }) }),
  command: 'npm run sim --',
  kind: 'node',
  mustSee: [
    'join',
    'forwarded write',
    'graceful close',
    'read on a follower',
    'learner',
    'restart',
    'snapshot taken',
    'compaction',
    'stale read',
    'age of data told',
    'definite failure',
    'unknown outcome',
  ],
  minSeeds: 8,
}
