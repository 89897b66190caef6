export { KvClient, type KvClientOptions, type KeyOptions, type ReadOptions, type RequestOptions } from './kv-client.ts'
export { KvError } from './kv-error.ts'
export type {
  Consistency,
  DeleteResponse,
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
  StatusResponse,
} from './types.ts'
