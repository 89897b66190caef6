import type { Raft } from 'raft-core'

/** Calls that change something in a core. Some make others within. */
export const inputs = [
  'tick',
  'step',
  'campaign',
  'propose',
  'proposeAll',
  'proposeMembership',
  'read',
  'transferLeadership',
  'forgetLeader',
  'resign',
  'recovered',
  'reportUnreachable',
  'reportSnapshot',
  'snapshotTaken',
  'compact',
  'advance',
  'saved',
  'appliedTo',
  'applyMembership',
  'stepOwn',
  'settle',
] as const satisfies readonly (keyof Raft)[]
