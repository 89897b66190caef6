import type { Lease } from 'kv-client'
import type { RowView } from '../output/rows.ts'
import { msText } from '../output/units.ts'

export const leaseView: RowView<Lease> = {
  columns: [
    ['LEASE', ({ lease }) => String(lease)],
    ['TTL', ({ ttlMs }) => msText(ttlMs)],
    ['REMAINING', ({ remainingMs }) => msText(remainingMs)],
    ['KEYS', ({ keys }) => String(keys)],
  ],
  fields: ['lease', 'ttlMs', 'remainingMs', 'keys'],
}
