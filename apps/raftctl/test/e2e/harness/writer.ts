import { strict as assert } from 'node:assert'
import { ask, get, set } from './http.ts'
import { eventually } from './wait.ts'

/** What a writer needs to know of a node. */
type Target = { readonly http: string; readonly running: boolean }

/**
 * Writes as fast as it is answered, each key once, and remembers what was acknowledged. A write that fails is never repeated: it may
 * have happened, and the scenario only claims that what was acknowledged is there.
 */
export class Writer {
  readonly acknowledged: string[] = []
  /** What the keys of this writer, and of no other, begin with. */
  readonly prefix = `load-${Math.random().toString(36).slice(2, 8)}`
  #failed = 0
  #stopped = false
  readonly #loops: Promise<void>[]

  constructor(nodes: readonly Target[], loops = 4) {
    this.#loops = Array.from({ length: loops }, (_, at) => this.#loop(nodes, `${this.prefix}-${at}`))
  }

  get failed(): number {
    return this.#failed
  }

  /** Resolves once so many more writes than now are acknowledged. */
  async more(count: number, msMax?: number): Promise<void> {
    const target = this.acknowledged.length + count
    await eventually(
      'writes are acknowledged',
      () => assert(this.acknowledged.length >= target, `${this.acknowledged.length} of ${target}, ${this.#failed} failed`),
      msMax,
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
  }

  async #loop(nodes: readonly Target[], prefix: string): Promise<void> {
    for (let count = 0; !this.#stopped; count++) {
      const running = nodes.filter(node => node.running)
      const node = running[count % running.length]
      const key = `${prefix}-${count}`
      try {
        assert(node !== undefined, 'no node runs')
        await set(node.http, key, key)
        this.acknowledged.push(key)
      } catch {
        this.#failed++
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    }
  }
}

/** Every acknowledged write is readable at this node. */
export async function hasAll(
  node: { readonly http: string; readonly settings: { readonly id: string } },
  keys: readonly string[],
): Promise<void> {
  for (let at = 0; at < keys.length; at += 32) {
    const batch = keys.slice(at, at + 32)
    const values = await Promise.all(batch.map(key => get(node.http, key)))
    const lost = batch.filter((key, index) => values[index] !== key)
    assert.deepEqual(lost, [], `acknowledged writes are lost at ${node.settings.id}`)
  }
}

type Listed = { readonly items: readonly { readonly key: string; readonly value: string }[]; readonly next: string | null }

/** The same for keys that begin alike: it asks for a list of them, which is quicker than one by one. */
export async function listsAll(
  node: { readonly http: string; readonly settings: { readonly id: string } },
  prefix: string,
  keys: readonly string[],
): Promise<void> {
  const listed = new Map<string, string>()
  let cursor: string | null = null
  do {
    const answer = await ask('GET', node.http, `/v1/kv?prefix=${prefix}${cursor === null ? '' : `&cursor=${cursor}`}`)
    assert.equal(answer.status, 200, `GET /v1/kv?prefix=${prefix} at ${node.http}: ${answer.status} ${answer.text}`)
    const { items, next } = JSON.parse(answer.text) as Listed
    for (const { key, value } of items) listed.set(key, value)
    cursor = next
  } while (cursor !== null)
  const lost = keys.filter(key => listed.get(key) !== key)
  assert.deepEqual(lost, [], `acknowledged writes are lost at ${node.settings.id}`)
}
