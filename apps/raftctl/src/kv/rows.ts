import type { Change, Entry, KeyEntry } from 'kv-client'
import { byteField, cellOf } from '../output/bytes.ts'
import type { RowView } from '../output/rows.ts'

/** A key as --output json has it: `key` and `value` are text, or `keyBase64` and `valueBase64` where the bytes are not UTF-8. */
export type EntryRow = {
  readonly key?: string
  readonly keyBase64?: string
  readonly value?: string
  readonly valueBase64?: string
  readonly created: number
  readonly modified: number
  readonly version: number
  readonly lease?: number
}

export function entryRow(entry: Entry | KeyEntry): EntryRow {
  const { key, created, modified, version, lease } = entry
  const value = 'value' in entry ? byteField('value', entry.value) : {}
  return { ...byteField('key', key), ...value, created, modified, version, ...(lease !== undefined && { lease }) }
}

const about: RowView<EntryRow>['columns'] = [
  ['MODIFIED', ({ modified }) => String(modified)],
  ['VERSION', ({ version }) => String(version)],
  ['LEASE', ({ lease }) => String(lease ?? '-')],
]
const key: RowView<EntryRow>['columns'][number] = ['KEY', row => cellOf(row.key ?? `base64:${row.keyBase64}`)]
const value: RowView<EntryRow>['columns'][number] = ['VALUE', row => cellOf(row.value ?? `base64:${row.valueBase64}`)]

export const entryView: RowView<EntryRow> = {
  columns: [key, value, ...about],
  fields: ['key', 'value', 'created', 'modified', 'version', 'lease', 'keyBase64', 'valueBase64'],
}

export const keyView: RowView<EntryRow> = {
  columns: [key, ...about],
  fields: ['key', 'created', 'modified', 'version', 'lease', 'keyBase64'],
}

export type ChangeRow = Partial<EntryRow> & { readonly revision: number; readonly type: 'put' | 'delete' }

export function changeRow(revision: number, change: Change): ChangeRow {
  return change.type === 'delete'
    ? { revision, type: 'delete', ...byteField('key', change.key) }
    : { revision, type: 'put', ...entryRow(change) }
}

export const changeView: RowView<ChangeRow> = {
  columns: [
    ['REVISION', ({ revision }) => String(revision)],
    ['TYPE', ({ type }) => type.padEnd(6)],
    ['KEY', row => cellOf(row.key ?? `base64:${row.keyBase64}`)],
    ['VALUE', row => (row.type === 'delete' ? '' : cellOf(row.value ?? `base64:${row.valueBase64}`))],
  ],
  fields: ['revision', 'type', 'key', 'value', 'created', 'modified', 'version', 'lease', 'keyBase64', 'valueBase64'],
}
