import type { Simulated } from 'raft-sim'
import { simulateCore, simulateNode } from 'raft-sim'
import { kvApplication } from './kv-application.ts'

export const cores: Simulated = {
  run: (seed, print, simpler) => simulateCore({ seed, ...simpler, ...(print && { print }) }),
  command: 'npm run sim -- --core',
  kind: 'core',
  mustSee: [],
}

export const nodes: Simulated = {
  run: (seed, print, simpler) => simulateNode({ seed, application: kvApplication, ...simpler, ...(print && { print }) }),
  command: 'npm run sim --',
  kind: 'node',
  mustSee: ['join', 'forwarded write', 'graceful close'],
}
