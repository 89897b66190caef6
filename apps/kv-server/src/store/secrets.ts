import type { Binary } from './binary.ts'
import { OrderedMap } from './ordered-map.ts'

/** A secret that lets one node join. Only its digest is kept. */
export type SecretRecord = {
  readonly key: Binary
  readonly ttlMs: number
  /** In log time; -1 until one is recorded after the secret was made. */
  readonly deadline: number
  /** The node that has used it, which may ask again; empty: nobody. */
  readonly user: Binary
}

export class Secrets {
  records = OrderedMap.empty<SecretRecord>()

  add(digest: Binary, ttlMs: number): void {
    this.records = this.records.set({ key: digest, ttlMs, deadline: -1, user: '' })
  }

  /** Whether it would let this one in. */
  fits(digest: Binary, user: Binary): boolean {
    const record = this.records.get(digest)
    return record !== undefined && (record.user === '' || record.user === user)
  }

  use(digest: Binary, user: Binary): boolean {
    const record = this.records.get(digest)
    if (record === undefined || !this.fits(digest, user)) return false
    if (record.user === '') this.records = this.records.set({ ...record, user })
    return true
  }

  pass(now: number): void {
    for (const record of this.records.values()) {
      if (record.deadline < 0) this.records = this.records.set({ ...record, deadline: now + record.ttlMs })
      else if (record.deadline <= now) this.records = this.records.delete(record.key)
    }
  }
}
