export {
  KvClient,
  type CasResult,
  type Expected,
  type KeyOptions,
  type ListOptions,
  type ReadOptions,
  type SetOptions,
  type WriteOptions,
} from './kv-client.ts'
export type { AtEndpoint, KvClientOptions, RequestOptions } from './caller.ts'
export type { Fetch } from './attempt.ts'
export type { Admin, Health } from './admin.ts'
export type { HeldLease, Leases } from './leases.ts'
export type { HeldLock, LockOptions, Locks } from './locks.ts'
export type { WatchBatch, WatchOptions } from './watch.ts'
export type { Change, Entry, KeyEntry } from './entries.ts'
export type { Bytes } from './bytes.ts'
export { KvError } from './kv-error.ts'
export type {
  Consistency,
  DeleteResponse,
  DiskStatus,
  ErrorResponse,
  GetResponse,
  JoinRequestBody,
  JoinResponse,
  Member,
  MemberStatus,
  NonLeaderMode,
  Outcome,
  QuorumStatus,
  SetRequest,
  SetResponse,
  ServerStatus,
  StatusResponse,
} from './types.ts'
export type {
  Compare,
  CompareOp,
  Item,
  ItemMeta,
  JoinSecretRequest,
  JoinSecretResponse,
  KeyField,
  Lease,
  LeaseRequest,
  LeaseResponse,
  LeasesResponse,
  ListResponse,
  Lock,
  LockHolder,
  LockRequest,
  LockResponse,
  LocksResponse,
  MembershipResponse,
  MembersResponse,
  Operation,
  OperationResult,
  PutResponse,
  RemoveResponse,
  RestoreResponse,
  SnapshotResponse,
  TransferRequest,
  TransferResponse,
  TxnRequest,
  TxnResponse,
  UnlockResponse,
  ValueField,
  WatchChange,
  WatchChanges,
  WatchProgress,
} from './api.ts'
