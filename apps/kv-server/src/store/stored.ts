import type { Binary } from './binary.ts'

/** A key with its value. Revisions are log indices. */
export type Stored = {
  readonly key: Binary
  readonly value: Binary
  /** The revision that made the key, and the one that last wrote it. */
  readonly created: number
  readonly modified: number
  /** How often it was written since it was made: 1 and up. */
  readonly version: number
  /** The lease it ends with; 0: none. */
  readonly lease: number
}
