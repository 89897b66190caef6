import type { Model } from 'raft-sim'
import type { Command, CommandResult, Compare, Operation, OperationResult } from '../store/command.ts'
import { decodeCommand } from '../store/command-codec.ts'
import { resultCodec } from '../store/result-codec.ts'
import { OperatorModel } from './operator-model.ts'

type Version = { readonly index: number; readonly value: string | undefined }
type Key = { value: string; created: number; modified: number; version: number; lease: number }
type Lease = { ttlMs: number; deadline: number | undefined; implicit: boolean }
type Waiter = { lease: number; token: number }

/** What the store must answer, in the simplest way there is: plain maps, looked through from end to end. Remembers every value there was. */
export class KvModel implements Model<CommandResult> {
  readonly #versions = new Map<string, Version[]>()
  readonly #keys = new Map<string, Key>()
  readonly #leases = new Map<number, Lease>()
  /** The first of each holds it. */
  readonly #locks = new Map<string, Waiter[]>()
  readonly #answers = new Map<string, { fingerprint: string; result: Uint8Array }>()
  #operators = new OperatorModel()
  #time = 0
  /** Everything that is put or deleted now is so from this index on. */
  #since: number | undefined

  apply(bytes: Uint8Array, index: number): CommandResult {
    const result = this.#perform(decodeCommand(bytes), index)
    for (const [id, lease] of this.#leases) if (lease.implicit && this.#keysOf(id).length === 0) this.#leases.delete(id)
    return result
  }

  restore(commands: readonly { readonly bytes: Uint8Array; readonly index: number }[], index: number): void {
    this.#since = index
    for (const key of [...this.#keys.keys()]) this.#delete(key, index)
    for (const records of [this.#leases, this.#locks, this.#answers]) records.clear()
    this.#operators = new OperatorModel()
    this.#time = 0
    for (const command of commands) this.apply(command.bytes, command.index)
    this.#since = undefined
  }

  answer(key: string, index: number): string {
    return this.#versions.get(key)?.findLast(version => version.index <= index)?.value ?? 'nothing'
  }

  #perform(command: ReturnType<typeof decodeCommand>, index: number): CommandResult {
    if (command.type === 'malformed') return command
    if (command.type === 'set') {
      for (const [key, value] of command.pairs) this.#put(key, value, 0, index)
      return { type: 'set', revision: index }
    }
    if (command.type === 'delete') return { type: 'delete', revision: index, deleted: this.#delete(command.key, index) }
    if (command.type === 'txn') return this.#txn(command, index)
    if (command.type === 'keyed') return this.#keyed(command, index)
    return this.#operators.apply(command, index, staged => this.#replaceAll(staged, index)) ?? this.#leasing(command, index)
  }

  #replaceAll(staged: ReadonlyMap<string, { readonly value: string; readonly revision: number }>, index: number): void {
    for (const key of [...this.#keys.keys()]) this.#delete(key, index)
    for (const [key, { value, revision }] of staged) {
      this.#keys.set(key, { value, created: revision, modified: revision, version: 1, lease: 0 })
      this.#remember(key, { index, value })
    }
  }

  #leasing(command: Command, revision: number): CommandResult {
    const refused = { type: 'refused', revision, code: 'LEASE_NOT_FOUND' } as const
    if (command.type === 'time') return { type: 'done', revision, count: this.#pass(command.sinceMs, command.nowMs, revision) }
    if (command.type === 'grant') {
      this.#leases.set(revision, { ttlMs: command.ttlMs, deadline: undefined, implicit: false })
      return { type: 'lease', revision, lease: revision, ttlMs: command.ttlMs }
    }
    if (command.type === 'unlock') return { type: 'done', revision, count: this.#leave(command.name, [command.lease], revision) }
    if (command.type !== 'keepAlive' && command.type !== 'revoke' && command.type !== 'lock') {
      return { type: 'malformed', message: `${command.type} is not modelled` }
    }
    const lease = this.#leases.get(command.lease)
    if (lease === undefined) return refused
    if (command.type === 'revoke') return { type: 'done', revision, count: this.#end([command.lease], revision) }
    if (command.type === 'lock') return { type: 'lock', revision, ...this.#lock(command.name, command.lease, revision) }
    lease.deadline = undefined
    return { type: 'lease', revision, lease: command.lease, ttlMs: lease.ttlMs }
  }

  #txn({ compare, onSuccess, onFailure }: Extract<Command, { type: 'txn' }>, revision: number): CommandResult {
    const succeeded = compare.every(one => this.#holds(one))
    const operations = succeeded ? onSuccess : onFailure
    const puts = operations.filter(operation => operation.op === 'put')
    if (puts.some(({ lease }) => lease > 0 && !this.#leases.has(lease))) return { type: 'refused', revision, code: 'LEASE_NOT_FOUND' }
    const ttlMs = Math.max(0, ...puts.map(put => put.ttlMs))
    if (ttlMs > 0) this.#leases.set(revision, { ttlMs, deadline: undefined, implicit: true })
    const results = operations.map(operation => this.#run(operation, revision))
    return { type: 'txn', revision, succeeded, lease: ttlMs > 0 ? revision : 0, results }
  }

  #run(operation: Operation, revision: number): OperationResult {
    const { op } = operation
    if (op === 'put') {
      this.#put(operation.key, operation.value, operation.ttlMs > 0 ? revision : operation.lease, revision)
      return { op }
    }
    if (op === 'delete') return { op, deleted: this.#delete(operation.key, revision) ? 1 : 0 }
    if (op === 'deletePrefix') {
      const keys = [...this.#keys.keys()].filter(key => key.startsWith(operation.prefix))
      return { op, deleted: keys.filter(key => this.#delete(key, revision)).length }
    }
    const key = this.#keys.get(operation.key)
    return { op, item: key && { key: operation.key, ...key, ...(operation.meta && { value: '' }) } }
  }

  #holds({ target, key, op, operand }: Compare): boolean {
    const held = target === 'lock' ? this.#locks.get(key)?.[0]?.token : this.#keys.get(key)?.[target]
    if (target === 'value') return (held === operand) === (op === '=')
    const [actual, wanted] = [Number(held ?? 0), Number(operand)]
    if (op === '=' || op === '!=') return (actual === wanted) === (op === '=')
    return op === '<' ? actual < wanted : actual > wanted
  }

  #keyed({ id, fingerprint, command }: Extract<Command, { type: 'keyed' }>, revision: number): CommandResult {
    const before = this.#answers.get(id)
    if (before === undefined) {
      const result = this.#perform(decodeCommand(command), revision)
      this.#answers.set(id, { fingerprint, result: resultCodec.encode(result) })
      return result
    }
    if (before.fingerprint !== fingerprint) return { type: 'refused', revision, code: 'IDEMPOTENCY_KEY_REUSED' }
    return { type: 'replayed', result: resultCodec.decode(before.result) }
  }

  #pass(sinceMs: number, nowMs: number, revision: number): number {
    if (sinceMs !== this.#time) return 0
    this.#time = Math.max(this.#time, nowMs)
    const over = [...this.#leases].filter(([, { deadline }]) => deadline !== undefined && deadline <= this.#time).map(([id]) => id)
    for (const lease of this.#leases.values()) lease.deadline ??= this.#time + lease.ttlMs + 1
    this.#end(over, revision)
    this.#operators.pass(this.#time)
    return over.length
  }

  #end(leases: readonly number[], revision: number): number {
    const keys = leases.flatMap(lease => this.#keysOf(lease))
    for (const key of keys) this.#delete(key, revision)
    for (const lease of leases) this.#leases.delete(lease)
    for (const name of [...this.#locks.keys()]) this.#leave(name, leases, revision)
    return keys.length
  }

  #lock(name: string, lease: number, revision: number): { token: number; ahead: number } {
    const queue = this.#locks.get(name) ?? []
    let ahead = queue.findIndex(waiter => waiter.lease === lease)
    if (ahead < 0) ahead = queue.push({ lease, token: queue.length === 0 ? revision : 0 }) - 1
    this.#locks.set(name, queue)
    return { token: queue[ahead]?.token ?? 0, ahead }
  }

  #leave(name: string, leases: readonly number[], revision: number): number {
    const queue = this.#locks.get(name) ?? []
    const rest = queue.filter(({ lease }) => !leases.includes(lease))
    const [first] = rest
    if (first === undefined) this.#locks.delete(name)
    else {
      if (first.token === 0) first.token = revision
      this.#locks.set(name, rest)
    }
    return queue.length - rest.length
  }

  #keysOf(lease: number): string[] {
    return [...this.#keys].filter(([, key]) => key.lease === lease).map(([key]) => key)
  }

  #put(key: string, value: string, lease: number, index: number): void {
    const { created, version } = this.#keys.get(key) ?? { created: index, version: 0 }
    this.#keys.set(key, { value, created, modified: index, version: version + 1, lease })
    this.#remember(key, { index, value })
  }
  #delete(key: string, index: number): boolean {
    const deleted = this.#keys.delete(key)
    if (deleted) this.#remember(key, { index, value: undefined })
    return deleted
  }
  #remember(key: string, { index, value }: Version): void {
    const version = { index: this.#since ?? index, value }
    const versions = this.#versions.get(key)
    if (versions === undefined) this.#versions.set(key, [version])
    else versions.push(version)
  }
}
