/**
 * Runs a Raft core on a real clock, disk and network: a replicated state machine in your own service.
 */
export { RaftNode } from './raft-node.ts'
export type {
  Applied,
  ApplyOptions,
  BatchOptions,
  BatchOutcome,
  CallOptions,
  Consistency,
  ChangeOptions,
  DroppedEvents,
  JoinAnswer,
  JoinRequest,
  Leadership,
  Logger,
  MemberStatus,
  MembershipView,
  MemberEdit,
  NewMember,
  Node,
  NodeEvent,
  NodeOptions,
  NodeStatus,
  Reloadable,
  SessionSerial,
  Sessions,
} from './api.ts'
export { RaftError, type Outcome, type RaftErrorCode, type RaftErrorDetails } from './errors.ts'
export { ReplicatedMap, type ReplicatedMapOptions } from './replicated-map.ts'

export type {
  Clock,
  CommandAt,
  CommandOutcome,
  FreshnessNote,
  HandshakeRefusal,
  Hello,
  Identity,
  Knowledge,
  LogBatch,
  LogState,
  LogStore,
  MemberInfo,
  PeerMessage,
  Ports,
  SnapshotData,
  SnapshotHead,
  SnapshotMeta,
  SnapshotStore,
  StateMachine,
  Timer,
  Transport,
  TransportEvents,
} from './ports.ts'
export type { Inspect, Storage, World } from './real-ports.ts'
export { PeerCertificates, type PeerTls } from './transport/peer-certificates.ts'
export { systemClock } from './clock/system-clock.ts'
export { generationOf, idOf, nameOf } from './node-names.ts'
export { type Envelope, envelopeIn } from './command-envelope.ts'
export { LogTime } from './log-time.ts'
export { Counter, Histogram, type MetricFamily, type MetricSample, MetricsRegistry } from './metrics.ts'
export { Session } from './session.ts'
