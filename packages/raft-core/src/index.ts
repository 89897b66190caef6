export type {
  CommandEntry,
  Entry,
  Index,
  MemberChange,
  MembershipChange,
  MembershipEntry,
  NodeId,
  Payload,
  Position,
  Term,
} from './log/entry.ts'
export { payloadBytes } from './log/entry.ts'
export type { Envelope, Message, MessageBodies, MessageOf, MessageType, Snapshot } from './messages.ts'
export type { Membership } from './membership/membership.ts'
export { noMembers } from './membership/membership.ts'
export type { HardState, ReadState, Ready, SaveReceipt, SoftState } from './ready.ts'
export type { RoleName } from './roles.ts'
export type { RaftOptions, RestoredState } from './config.ts'
export type { ProgressStatus, ProposeResult, Raft, Refusal, Status, StepResult } from './api.ts'
export { createRaft } from './raft.ts'
export { InvariantError } from './invariant-error.ts'
export type { Trace, TraceEvent } from './trace.ts'
export type { StateEvent, StateTrace } from './state-trace.ts'
export { formatStateEvent } from './trace-ndjson.ts'
export { formatMembership, formatPosition, formatTrace } from './trace-format.ts'
export { isMember, isVoter, memberIds } from './membership/membership.ts'
export type { Majorities, VoteOutcome } from './membership/quorum.ts'
export { committedIndex, voteOutcome } from './membership/quorum.ts'
