import { randomBytes } from 'node:crypto'
import type { KvClient } from 'kv-client'

export type Workload = {
  readonly keys: number
  readonly valueBytes: number
  /** The share of reads, from 0 to 1. */
  readonly reads: number
}

/** Keys of our own, so that nobody's are touched; all of them go at the end. */
export class BenchKeys {
  readonly prefix = `raftctl-bench/${randomBytes(4).toString('hex')}/`
  readonly #client: KvClient
  readonly #workload: Workload
  readonly #value: string

  constructor(client: KvClient, workload: Workload) {
    this.#client = client
    this.#workload = workload
    this.#value = randomBytes(workload.valueBytes).toString('base64').slice(0, workload.valueBytes)
  }

  /** Reads find something. */
  async fill(): Promise<void> {
    if (this.#workload.reads === 0) return
    const batch = 256
    for (let from = 0; from < this.#workload.keys; from += batch) {
      const keys = Array.from({ length: Math.min(batch, this.#workload.keys - from) }, (_, at) => this.#key(from + at))
      await this.#client.setAll(keys.map(key => [key, this.#value] as const))
    }
  }

  async request(n: number): Promise<void> {
    const key = this.#key(n % this.#workload.keys)
    // Spread evenly: with a share of 0.9, nine of every ten.
    const isRead = Math.floor((n + 1) * this.#workload.reads) > Math.floor(n * this.#workload.reads)
    if (isRead) await this.#client.getBytes(key)
    else await this.#client.set(key, this.#value)
  }

  async remove(): Promise<void> {
    await this.#client.deletePrefix(this.prefix)
  }

  #key(n: number): string {
    return `${this.prefix}${String(n).padStart(8, '0')}`
  }
}
