import type { RaftErrorCode } from 'raft-node'
import type { Coverage } from '../coverage.ts'

type State = { readonly isWiped: boolean; readonly disk: { readonly hasFailed: boolean } }

/** Whether a start may end with this. `coverage`: what has happened in this run. */
export function mayRefuse(code: RaftErrorCode, { isWiped, disk }: State, coverage: Coverage): boolean {
  if (code === 'FOLDER_UNUSABLE') return disk.hasFailed
  // Also the answer of a member that was asked to let this one in.
  if (code === 'STORAGE_FAILED') return coverage.count('failing disk') + coverage.count('full disk') > 0
  if (code === 'OLD_FOLDER') return coverage.count('old folder') > 0
  return code === 'WIPED_MEMBER' ? isWiped : ofOthers.includes(code)
}

/** Nothing is wrong with this machine: others were not to be had, or did not want it. */
const ofOthers: readonly RaftErrorCode[] = [
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
  'NOT_A_MEMBER',
]
