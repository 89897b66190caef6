/**
 * Requests and answers of the `/v1` API, as JSON. `GET /v1/openapi.json` describes the same for other languages.
 *
 * Keys and values are bytes. In JSON they are text where they are UTF-8, else base64 in a field of another name: exactly one of the two is
 * there. A revision is the log index of the write that made it: one number for the whole store, which only grows.
 */
import type { Member, MemberStatus } from './types.ts'

export type KeyField = { readonly key: string; readonly keyBase64?: never } | { readonly key?: never; readonly keyBase64: string }
export type ValueField = { readonly value: string; readonly valueBase64?: never } | { readonly value?: never; readonly valueBase64: string }

/** What is known of a key besides its value. */
export type ItemMeta = KeyField & {
  /** Revisions of the write that made the key and of the last one; the last is the key's ETag. */
  readonly created: number
  readonly modified: number
  /** How often it was written since it was made: 1 and up. */
  readonly version: number
  /** The lease it ends with. */
  readonly lease?: number
}
/** `GET /v1/kv/{key}` with `Accept: application/json`. */
export type Item = ItemMeta & ValueField

/** `PUT /v1/kv/{key}`. `revision` is the key's new ETag. `lease`: of a key with a time to live. */
export type PutResponse = { readonly revision: number; readonly lease?: number }
/** `DELETE /v1/kv/{key}` and `DELETE /v1/kv?prefix=`: how many keys there were. */
export type RemoveResponse = { readonly revision: number; readonly deleted: number }

/** `GET /v1/kv`. With `keys=true` the items carry no values. */
export type ListResponse = {
  /** All items are as of this revision: watch from here to go on. */
  readonly revision: number
  readonly items: readonly (ItemMeta & Partial<ValueField>)[]
  /** There are more: give this as `cursor=` to go on. */
  readonly next: string | null
}

/** One condition on a key. A key that is not there has revisions and version 0, and no value: `=` is false of it, `!=` true. */
export type Compare =
  | (KeyField & { readonly target: 'created' | 'modified' | 'version' | 'lease'; readonly op?: CompareOp; readonly operand: number })
  | (KeyField & { readonly target: 'value'; readonly op?: '=' | '!=' } & ValueField)
  /** The lock of this name is held with this fencing token. */
  | (KeyField & { readonly target: 'lock'; readonly op?: '='; readonly operand: number })
export type CompareOp = '=' | '!=' | '<' | '>'

export type Operation =
  | (KeyField & ValueField & { readonly op: 'put'; readonly lease?: number })
  | (KeyField & { readonly op: 'delete' | 'get' })
  | { readonly op: 'deletePrefix'; readonly prefix?: string; readonly prefixBase64?: string }

/** `POST /v1/txn`: if every condition holds, all of `success`, otherwise all of `failure`; nothing comes in between. */
export type TxnRequest = {
  readonly compare?: readonly Compare[]
  readonly success?: readonly Operation[]
  readonly failure?: readonly Operation[]
}
export type TxnResponse = {
  readonly revision: number
  readonly succeeded: boolean
  /** One for each operation that ran, in their order. */
  readonly results: readonly OperationResult[]
}
export type OperationResult =
  | { readonly op: 'put' }
  | { readonly op: 'delete' | 'deletePrefix'; readonly deleted: number }
  | { readonly op: 'get'; readonly item: Item | null }

/** The data of a `changes` event of `GET /v1/watch`: all that one write did. Its id, for `Last-Event-ID`, is the revision. */
export type WatchChanges = { readonly revision: number; readonly changes: readonly WatchChange[] }
export type WatchChange = ({ readonly type: 'put' } & Item) | ({ readonly type: 'delete' } & KeyField)
/** The data of a `progress` event: everything up to this revision was told, so it is a place to go on from. */
export type WatchProgress = { readonly revision: number }

/** `POST /v1/leases` */
export type LeaseRequest = { readonly ttlMs: number }
export type Lease = {
  readonly lease: number
  readonly ttlMs: number
  /** In log time, as this node knows it: the lease lives at least so long. */
  readonly remainingMs: number
  /** How many keys end with it. */
  readonly keys: number
}
export type LeasesResponse = { readonly revision: number; readonly leases: readonly Lease[] }
export type LeaseResponse = { readonly revision: number; readonly lease: number; readonly ttlMs: number }

/** `POST /v1/locks/{name}`: the same lease may ask again, and hears where it stands. */
export type LockRequest = {
  readonly lease: number
  /** Something to tell the others, such as an address: for leader election. */
  readonly value?: string
  readonly valueBase64?: string
  /** How long to wait for the lock, in milliseconds. Default 0. Who still waits then keeps its place as long as its lease lives. */
  readonly waitMs?: number
}
/** 200: held, with a fencing token that only grows. 202: waiting. */
export type LockResponse =
  | { readonly state: 'held'; readonly token: number; readonly revision: number }
  | { readonly state: 'waiting'; readonly ahead: number; readonly revision: number }
/** `DELETE /v1/locks/{name}?lease=`: released, or no longer waited for. */
export type UnlockResponse = { readonly revision: number; readonly released: boolean }
export type LockHolder = { readonly lease: number; readonly token: number } & ValueField
/** `GET /v1/locks/{name}`; `holder` null: it is free. */
export type Lock = ({ readonly name: string; readonly nameBase64?: never } | { readonly name?: never; readonly nameBase64: string }) & {
  readonly holder: LockHolder | null
  readonly waiting: number
  readonly revision: number
}
export type LocksResponse = { readonly revision: number; readonly locks: readonly Omit<Lock, 'revision'>[] }

/** `GET /v1/members` */
export type MembersResponse = {
  readonly leader: Member | null
  readonly membershipIndex: number
  readonly members: readonly MemberStatus[]
}
/** `DELETE /v1/members/{id}`, `POST /v1/members/{id}/promote`, `…/demote`: the index at which the change is in force. */
export type MembershipResponse = { readonly index: number }
/** `POST /v1/join-secrets`: lets one node in, once, within the time. It is told only here. */
export type JoinSecretRequest = { readonly ttlMs?: number }
export type JoinSecretResponse = { readonly secret: string; readonly ttlMs: number; readonly revision: number }
/** `POST /v1/leader/transfer` */
export type TransferRequest = { readonly target?: string }
export type TransferResponse = { readonly leader: string }
/** `POST /v1/snapshot/take` */
export type SnapshotResponse = { readonly index: number }
/** `PUT /v1/snapshot`: how many keys the store holds now. */
export type RestoreResponse = { readonly revision: number; readonly keys: number }
