import type { RaftErrorCode } from 'raft-node'

/** What a start may end with when nothing is wrong with this machine: others were not to be had, or did not want it. */
export const mayRefuse: readonly RaftErrorCode[] = [
  'NO_LEADER',
  'NOT_LEADER',
  'TIMED_OUT',
  'CONNECTION_LOST',
  'LEADERSHIP_LOST',
  'ENTRY_REPLACED',
  'NODE_STOPPED',
  'OVERLOADED',
  'TRANSFERRING',
  'MEMBERSHIP_CHANGE_PENDING',
  'MEMBERSHIP_CHANGED',
  'WIPED_MEMBER',
  'NOT_A_MEMBER',
]
