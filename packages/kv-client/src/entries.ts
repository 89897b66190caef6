import type { Item, ItemMeta, ValueField, WatchChange } from './api.ts'
import { type Bytes, bytesIn } from './bytes.ts'

/** A key with all that is known of it. Key and value are strings where they are UTF-8, else bytes. */
export type Entry = {
  readonly key: Bytes
  readonly value: Bytes
  /** Revisions of the write that made the key and of the last one. */
  readonly created: number
  readonly modified: number
  /** How often it was written since it was made: 1 and up. */
  readonly version: number
  /** The lease it ends with. */
  readonly lease?: number | undefined
}
/** The same without its value. */
export type KeyEntry = Omit<Entry, 'value'>

/** One key that a write changed. */
export type Change = ({ readonly type: 'put' } & Entry) | { readonly type: 'delete'; readonly key: Bytes }

export function entryOf(item: Item | (ItemMeta & Partial<ValueField>)): Entry {
  return { ...keyEntryOf(item), value: bytesIn(item, 'value') ?? '' }
}

export function keyEntryOf(item: ItemMeta): KeyEntry {
  const { created, modified, version, lease } = item
  return { key: bytesIn(item, 'key') ?? '', created, modified, version, ...(lease !== undefined && { lease }) }
}

export function changeOf(change: WatchChange): Change {
  return change.type === 'put' ? { type: 'put', ...entryOf(change) } : { type: 'delete', key: bytesIn(change, 'key') ?? '' }
}
