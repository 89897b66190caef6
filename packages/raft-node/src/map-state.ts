import { blocksIn, toBlock } from './blocks.ts'
import type { StateMachine } from './ports.ts'
import { pack, text, unpack, unpackAll } from './tuples.ts'

const version = 1
const set = 0
const remove = 1

/** A block of a snapshot ends with the entry that reaches so many bytes: so much is encoded or decoded at a time. */
const blockBytes = 64 * 1024

type Change<Value> = { readonly value: Value } | 'deleted'

/**
 * The state machine of a replicated map. While a snapshot is read the map itself stays as it is, and changes go into a second one
 * on top: nothing is copied, however large it is. Results say whether the key was there before.
 */
export class MapState<Value> implements StateMachine<boolean> {
  #base = new Map<string, Value>()
  /** What changed since a view of `#base` was handed out; undefined when nobody reads one. */
  #changes: Map<string, Change<Value>> | undefined

  static setCommand(key: string, value: unknown): Uint8Array {
    return pack([version, set, key, value])
  }

  static deleteCommand(key: string): Uint8Array {
    return pack([version, remove, key])
  }

  get(key: string): Value | undefined {
    const change = this.#changes?.get(key)
    if (change === undefined) return this.#base.get(key)
    return change === 'deleted' ? undefined : change.value
  }

  has(key: string): boolean {
    const change = this.#changes?.get(key)
    return change === undefined ? this.#base.has(key) : change !== 'deleted'
  }

  apply(command: Uint8Array): boolean {
    const [kind, rawKey, value] = unpack(command, version, 'a command of the map')
    const key = text(rawKey, 'a key')
    const existed = this.has(key)
    if (kind === set) this.#change(key, { value: value as Value })
    else if (kind === remove) this.#change(key, 'deleted')
    else throw new Error(`a command of unknown kind ${String(kind)}`)
    return existed
  }

  snapshot(): AsyncIterable<Uint8Array> {
    if (this.#changes !== undefined) return blocksOf(this.#copy()) // somebody still reads the last view: rare
    this.#changes = new Map()
    return this.#frozen(this.#base)
  }

  async restore(data: AsyncIterable<Uint8Array>): Promise<void> {
    const restored = new Map<string, Value>()
    for await (const block of blocksIn(data)) {
      const [head, ...entries] = unpackAll(block)
      if (!Array.isArray(head) || head[0] !== version) throw new Error(`a snapshot of the map of another version than ${version}`)
      for (const [key, value] of entries as [string, Value][]) restored.set(key, value)
    }
    this.#base = restored
    this.#changes = undefined
  }

  async *#frozen(view: Map<string, Value>): AsyncGenerator<Uint8Array> {
    try {
      yield* blocksOf(view)
    } finally {
      if (this.#base === view) this.#thaw()
    }
  }

  #thaw(): void {
    const changes = this.#changes
    this.#changes = undefined
    for (const [key, change] of changes ?? []) this.#change(key, change)
  }

  #change(key: string, change: Change<Value>): void {
    if (this.#changes !== undefined) this.#changes.set(key, change)
    else if (change === 'deleted') this.#base.delete(key)
    else this.#base.set(key, change.value)
  }

  #copy(): Map<string, Value> {
    const copy = new Map(this.#base)
    for (const [key, change] of this.#changes ?? []) {
      if (change === 'deleted') copy.delete(key)
      else copy.set(key, change.value)
    }
    return copy
  }
}

async function* blocksOf(view: ReadonlyMap<string, unknown>): AsyncGenerator<Uint8Array> {
  const head = pack([version])
  let tuples = [head]
  let bytes = head.length
  for (const entry of view) {
    const tuple = pack(entry)
    tuples.push(tuple)
    bytes += tuple.length
    if (bytes < blockBytes) continue
    yield toBlock(...tuples)
    tuples = [head]
    bytes = head.length
  }
  if (tuples.length > 1) yield toBlock(...tuples)
}
