import type { Application, Model, ObservedMachine, Random } from 'raft-sim'
import { fold, foldText } from 'raft-sim'
import { binaryOf, textOf } from '../store/binary.ts'
import type { Command, CommandResult } from '../store/command.ts'
import { decodeCommand, encodeCommand } from '../store/command-codec.ts'
import { KvStore } from '../store/kv-store.ts'
import { resultCodec } from '../store/result-codec.ts'
import type { Stored } from '../store/stored.ts'

/** Few keys: so that writers and readers meet. Some of them are keys that maps of other kinds get wrong. */
const keys = ['a', 'b', 'c', '10', '9', '__proto__', 'ключ', '']

/** The answer when there is no such key; no value is written so. */
const nothing = 'nothing'

/** kv-server's store and its clients, for the simulator. */
export const kvApplication: Application<CommandResult> = {
  resultCodec,
  create: () => new ObservedStore(),
  model: () => new KvModel(),
  command(random, number) {
    const command = drawCommand(random, number)
    return { bytes: encodeCommand(command), text: describe(command) }
  },
  question: random => random.pick(keys),
  keys: {
    changes(bytes) {
      const command = decodeCommand(bytes)
      if (command.type === 'delete') return [{ op: 'write', key: command.key, value: null }]
      return command.type === 'set' ? [...new Map(command.pairs)].map(([key, value]) => ({ op: 'write', key, value })) : []
    },
    shows: (key, answer) => ({ op: 'read', key: binaryOf(key), value: answer === nothing ? null : answer }),
  },
}

function drawCommand(random: Random, number: number): Command {
  if (random.chance(0.15)) return { type: 'delete', key: binaryOf(random.pick(keys)) }
  const count = random.chance(0.1) ? random.between(2, 4) : 1
  const value = () => (random.chance(0.05) ? `${number}`.padEnd(random.between(100, 2_000), '.') : `${number}`)
  return { type: 'set', pairs: Array.from({ length: count }, () => [binaryOf(random.pick(keys)), value()]) }
}

function describe(command: Command): string {
  if (command.type === 'delete') return `delete ${show(command.key)}`
  if (command.type !== 'set') return command.type
  return `set ${command.pairs.map(([key, value]) => `${show(key)}=${value.length > 20 ? `${value.slice(0, 8)}… (${value.length})` : value}`).join(' ')}`
}
function show(key: string): string {
  return key === '' ? "''" : key
}

/** The store, with a digest that goes along: only the keys of a command can change with it. */
class ObservedStore implements ObservedMachine<CommandResult> {
  readonly #store = new KvStore()
  #digest = 0
  readonly machine: ObservedMachine<CommandResult>['machine'] = {
    apply: (bytes, index) => {
      const touched = keysOf(bytes)
      for (const key of touched) this.#digest ^= digestOf(this.#store.get(key))
      const result = this.#store.apply(bytes, index)
      for (const key of touched) this.#digest ^= digestOf(this.#store.get(key))
      return result
    },
    snapshot: () => this.#store.snapshot(),
    restore: async data => {
      await this.#store.restore(data)
      this.#digest = 0
      for (const stored of this.#store.values()) this.#digest ^= digestOf(stored)
    },
  }

  digest(): number {
    return this.#digest
  }
  answer(key: string): string {
    return textOf(this.#store.get(binaryOf(key))?.value ?? nothing) ?? 'bytes'
  }
}

function keysOf(bytes: Uint8Array): Set<string> {
  const command = decodeCommand(bytes)
  if (command.type === 'set') return new Set(command.pairs.map(([key]) => key))
  return new Set(command.type === 'delete' ? [command.key] : [])
}

function digestOf(stored: Stored | undefined): number {
  if (stored === undefined) return 0
  const { key, value, created, modified } = stored
  return fold(fold(foldText(foldText(1, key), value), created), modified) | 0
}

/** A plain map that remembers everything. */
class KvModel implements Model<CommandResult> {
  /** By key: every value and when it was written; undefined for a deletion. */
  readonly #versions = new Map<string, { readonly index: number; readonly value: string | undefined }[]>()

  apply(bytes: Uint8Array, index: number): CommandResult {
    const command = decodeCommand(bytes)
    if (command.type === 'malformed') return command
    if (command.type === 'delete') {
      const deleted = this.#last(command.key) !== undefined
      this.#write(command.key, index, undefined)
      return { type: 'delete', revision: index, deleted }
    }
    if (command.type !== 'set') return { type: 'malformed', message: 'not modelled' }
    for (const [key, value] of command.pairs) this.#write(key, index, value)
    return { type: 'set', revision: index }
  }

  answer(key: string, index: number): string {
    return this.#versions.get(binaryOf(key))?.findLast(version => version.index <= index)?.value ?? nothing
  }

  #last(key: string): string | undefined {
    return this.#versions.get(key)?.at(-1)?.value
  }
  #write(key: string, index: number, value: string | undefined): void {
    const versions = this.#versions.get(key)
    if (versions === undefined) this.#versions.set(key, [{ index, value }])
    else versions.push({ index, value })
  }
}
