import type { StateMachine } from 'raft-node'
import { type CommandResult, decodeCommand, type Pair } from './command.ts'
import { decodeSnapshot, encodeSnapshot } from './kv-snapshot.ts'
import { OrderedMap } from './ordered-map.ts'
import type { Stored } from './stored.ts'

/** The replicated key-value store: what every node of a cluster comes to hold by applying the same log. */
export class KvStore implements StateMachine<CommandResult> {
  #items = OrderedMap.empty<Stored>()

  /** How many keys there are. */
  get size(): number {
    return this.#items.size
  }

  get(key: string): Stored | undefined {
    return this.#items.get(key)
  }

  /** In ascending order of keys, as of now: later commands do not show. */
  values(from?: string): Generator<Stored, void, undefined> {
    return this.#items.values(from)
  }

  apply(bytes: Uint8Array, index: number): CommandResult {
    const command = decodeCommand(bytes)
    if (command.type === 'set') return this.#set(command.pairs, index)
    if (command.type === 'delete') return this.#delete(command.key, index)
    return command
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return encodeSnapshot(this.#items)
  }

  /** @throws RaftError CORRUPT; the store then holds what it held before. */
  async restore(data: AsyncIterable<Uint8Array>): Promise<void> {
    this.#items = await decodeSnapshot(data)
  }

  #set(pairs: readonly Pair[], revision: number): CommandResult {
    for (const [key, value] of pairs) {
      const created = this.#items.get(key)?.created ?? revision
      this.#items = this.#items.set({ key, value, created, modified: revision })
    }
    return { type: 'set', revision }
  }

  #delete(key: string, revision: number): CommandResult {
    const before = this.#items.size
    this.#items = this.#items.delete(key)
    return { type: 'delete', revision, deleted: this.#items.size < before }
  }
}
