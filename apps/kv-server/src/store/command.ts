import type { Binary } from './binary.ts'
import type { Stored } from './stored.ts'

/** What the log says to the store. */
export type Command =
  /** All pairs or none. */
  | { readonly type: 'set'; readonly pairs: readonly Pair[] }
  | { readonly type: 'delete'; readonly key: Binary }
  | TxnCommand
  | { readonly type: 'grant'; readonly ttlMs: number }
  | { readonly type: 'keepAlive'; readonly lease: number }
  | { readonly type: 'revoke'; readonly lease: number }
  /** Log time, as the leader has measured it since the time `sinceMs`; if that is not the last any more, it counts for nothing. */
  | { readonly type: 'time'; readonly sinceMs: number; readonly nowMs: number }
  | { readonly type: 'lock'; readonly name: Binary; readonly lease: number; readonly value: Binary }
  | { readonly type: 'unlock'; readonly name: Binary; readonly lease: number }
  | { readonly type: 'addSecret'; readonly digest: Binary; readonly ttlMs: number }
  | { readonly type: 'useSecret'; readonly digest: Binary; readonly user: Binary }
  | { readonly type: 'restoreBegin' }
  | { readonly type: 'restoreItems'; readonly restore: number; readonly pairs: readonly Pair[] }
  | { readonly type: 'restoreCommit'; readonly restore: number; readonly count: number }
  | KeyedCommand

/** A command that is done once for this id, however often it comes, and answered the same. */
export type KeyedCommand = {
  readonly type: 'keyed'
  readonly id: Binary
  /** Tells requests apart that come with the same id. */
  readonly fingerprint: Binary
  /** What the table of answers may hold: as the server that was asked is configured, so that every node decides alike. */
  readonly limits: { readonly records: number; readonly bytes: number }
  /** Another command, encoded. */
  readonly command: Uint8Array
}

export type TxnCommand = {
  readonly type: 'txn'
  readonly compare: readonly Compare[]
  readonly onSuccess: readonly Operation[]
  readonly onFailure: readonly Operation[]
}

export type Pair = readonly [key: Binary, value: Binary]

export const compareOps = ['=', '!=', '<', '>'] as const
export const numberTargets = ['created', 'modified', 'version', 'lease', 'lock'] as const

export type Compare =
  | {
      readonly target: (typeof numberTargets)[number]
      readonly key: Binary
      readonly op: (typeof compareOps)[number]
      readonly operand: number
    }
  | { readonly target: 'value'; readonly key: Binary; readonly op: '=' | '!='; readonly operand: Binary }

export type Operation =
  /** `lease` 0: none. `ttlMs` above 0: on a lease of its own. */
  | { readonly op: 'put'; readonly key: Binary; readonly value: Binary; readonly lease: number; readonly ttlMs: number }
  | { readonly op: 'delete'; readonly key: Binary }
  | { readonly op: 'deletePrefix'; readonly prefix: Binary }
  /** `meta`: without the value. */
  | { readonly op: 'get'; readonly key: Binary; readonly meta: boolean }

export type OperationResult =
  | { readonly op: 'put' }
  | { readonly op: 'delete' | 'deletePrefix'; readonly deleted: number }
  | { readonly op: 'get'; readonly item: Stored | undefined }

/** Why the store has not done what a well-formed command said. Nothing was changed. */
export const refusals = [
  'LEASE_NOT_FOUND',
  'IDEMPOTENCY_KEY_REUSED',
  'IDEMPOTENCY_TABLE_FULL',
  'RESTORE_LOST',
  'SECRET_UNKNOWN',
  'TOO_LARGE',
] as const
export type RefusalCode = (typeof refusals)[number]

/** What the store answers. A revision is the log index of the command. */
export type CommandResult =
  | { readonly type: 'set'; readonly revision: number }
  | { readonly type: 'delete'; readonly revision: number; readonly deleted: boolean }
  | {
      readonly type: 'txn'
      readonly revision: number
      readonly succeeded: boolean
      /** The lease that its puts with a time to live made; 0: none. */
      readonly lease: number
      readonly results: readonly OperationResult[]
    }
  | { readonly type: 'lease'; readonly revision: number; readonly lease: number; readonly ttlMs: number }
  /** Something is done; `count` says how much of it. */
  | { readonly type: 'done'; readonly revision: number; readonly count: number }
  /** `token` above 0: held. Else so many are `ahead`. */
  | { readonly type: 'lock'; readonly revision: number; readonly token: number; readonly ahead: number }
  | { readonly type: 'refused'; readonly revision: number; readonly code: RefusalCode }
  /** The answer of a keyed command that was done before. */
  | { readonly type: 'replayed'; readonly result: CommandResult }
  /** Part of the protocol, not an exception: every node must answer the same to the same bytes. */
  | { readonly type: 'malformed'; readonly message: string }
