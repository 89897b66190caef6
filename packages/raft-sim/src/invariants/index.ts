import { checkQuorum } from './check-quorum.ts'
import { commitValidity } from './commit-validity.ts'
import { configSafety } from './config-safety.ts'
import { electionSafety } from './election-safety.ts'
import type { Invariant } from './invariant.ts'
import { leaderAppendOnly } from './leader-append-only.ts'
import { leaderCompleteness } from './leader-completeness.ts'
import { lease } from './lease.ts'
import { liveness } from './liveness.ts'
import { logMatching } from './log-matching.ts'
import { monotonicState } from './monotonic-state.ts'
import { oneVote } from './one-vote.ts'
import { persistBeforeSend } from './persist-before-send.ts'
import { readIndex } from './read-index.ts'
import { repair } from './repair.ts'
import { stateMachineSafety } from './state-machine-safety.ts'
import { transfer } from './transfer.ts'

/** Everything that must hold, in the order in which it is defined. */
export const allInvariants: readonly Invariant[] = [
  electionSafety,
  oneVote,
  leaderAppendOnly,
  logMatching,
  leaderCompleteness,
  stateMachineSafety,
  commitValidity,
  monotonicState,
  persistBeforeSend,
  readIndex,
  lease,
  configSafety,
  checkQuorum,
  transfer,
  repair,
  liveness,
]
