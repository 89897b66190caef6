import type { StateMachine } from 'raft-node'
import { Answers } from './answers.ts'
import { binaryFrom, bytesOf } from './binary.ts'
import type { Command, CommandResult, KeyedCommand, Operation, Pair, TxnCommand } from './command.ts'
import { decodeCommand } from './command-codec.ts'
import { History, type HistoryLimits } from './history.ts'
import { Keyspace } from './keyspace.ts'
import { type LeaseRecord, Leases } from './leases.ts'
import { Locks } from './locks.ts'
import type { OrderedMap } from './ordered-map.ts'
import { resultCodec } from './result-codec.ts'
import { Secrets } from './secrets.ts'
import { decodeSnapshot, emptyView, encodeSnapshot, type View } from './snapshot.ts'
import { beginRestore, type Staged, stagedAt } from './staged.ts'
import type { Stored } from './stored.ts'
import { bytesRead, holds, resultBytesMax, run } from './txn.ts'

const defaultHistory: HistoryLimits = { revisions: 100_000, bytes: 64 * 1024 * 1024 }

/** Longer is for ever, and sums of two stay safe integers. */
const ttlMsMax = 10 * 366 * 24 * 60 * 60 * 1000
const timeMax = 2 ** 52

/** The replicated key-value store: what every node of a cluster comes to hold by applying the same log. */
export class KvStore implements StateMachine<CommandResult> {
  /** What changed lately, for those who watch. */
  readonly history: History
  readonly leases = new Leases()
  readonly locks = new Locks()
  readonly answers = new Answers()
  readonly secrets = new Secrets()
  readonly #keys = new Keyspace()
  #staged: Staged | undefined
  #revision = 0
  #time = 0

  constructor(history: HistoryLimits = defaultHistory) {
    this.history = new History(history)
  }

  /** How many keys there are. */
  get size(): number {
    return this.#keys.size
  }
  /** The log index of the last command that was applied. */
  get revision(): number {
    return this.#revision
  }
  /** Log time: the last that was recorded, in milliseconds. */
  get time(): number {
    return this.#time
  }
  get isRestoring(): boolean {
    return this.#staged !== undefined
  }
  /** Frozen: later commands do not show. */
  get items(): OrderedMap<Stored> {
    return this.#keys.frozen()
  }

  get(key: string): Stored | undefined {
    return this.#keys.get(key)
  }

  /** In ascending order of keys, as of now: later commands do not show. */
  values(from?: string): Generator<Stored, void, undefined> {
    return this.#keys.frozen().values(from)
  }

  /** How many keys end with this lease. */
  keysOf(lease: number): number {
    return this.#keys.countOf(lease)
  }

  apply(bytes: Uint8Array, index: number): CommandResult {
    const result = this.#perform(decodeCommand(bytes), index)
    this.#dropIdleLeases()
    this.#revision = index
    this.#keys.takeChanges(changes => this.history.record(index, changes))
    return result
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return encodeSnapshot(this.#view())
  }

  /** The keys alone, for a backup. */
  export(): AsyncIterable<Uint8Array> {
    return encodeSnapshot({ ...emptyView(), revision: this.#revision, items: this.#keys.frozen() })
  }

  /** @throws RaftError CORRUPT; the store then holds what it held before. */
  async restore(data: AsyncIterable<Uint8Array>): Promise<void> {
    const view = await decodeSnapshot(data)
    this.#keys.replace(view.items)
    this.leases.replace(view.leases)
    this.locks.replace(view.locks)
    this.answers.replace(view.answers, view.marks, view.overBefore)
    this.secrets.records = view.secrets
    this.#staged = view.staged
    this.#revision = view.revision
    this.#time = view.time
    this.history.restart(view.revision)
  }

  #view(): View {
    return {
      revision: this.#revision,
      time: this.#time,
      items: this.#keys.frozen(),
      leases: this.leases.records,
      locks: this.locks.records,
      answers: this.answers.records,
      marks: this.answers.marks,
      overBefore: this.answers.overBefore,
      secrets: this.secrets.records,
      staged: this.#staged,
    }
  }

  #perform(command: ReturnType<typeof decodeCommand>, revision: number): CommandResult {
    switch (command.type) {
      case 'set':
        return this.#set(command.pairs, revision)
      case 'delete':
        return { type: 'delete', revision, deleted: this.#keys.delete(command.key) }
      case 'txn':
        return this.#txn(command, revision)
      case 'time':
        return this.#pass(command.sinceMs, command.nowMs, revision)
      case 'keyed':
        return this.#keyed(command, revision)
      case 'malformed':
        return command
      default:
        return this.#performOther(command, revision)
    }
  }

  #performOther(command: Exclude<Command, { type: 'set' | 'delete' | 'txn' | 'time' | 'keyed' }>, revision: number): CommandResult {
    switch (command.type) {
      case 'grant':
        return this.#grant(command.ttlMs, revision)
      case 'keepAlive':
        return this.#leaseResult(this.leases.keepAlive(command.lease), revision)
      case 'revoke':
        return this.#revoke(command.lease, revision)
      case 'lock':
        if (this.leases.get(command.lease) === undefined) return { type: 'refused', revision, code: 'LEASE_NOT_FOUND' }
        return { type: 'lock', revision, ...this.locks.acquire(command.name, command.lease, command.value, revision) }
      case 'unlock':
        return { type: 'done', revision, count: this.locks.release(command.name, command.lease, revision) ? 1 : 0 }
      case 'addSecret':
        this.secrets.add(command.digest, Math.min(command.ttlMs, ttlMsMax))
        return { type: 'done', revision, count: 1 }
      case 'useSecret':
        if (!this.secrets.use(command.digest, command.user)) return { type: 'refused', revision, code: 'SECRET_UNKNOWN' }
        return { type: 'done', revision, count: 1 }
      case 'restoreBegin':
        this.#staged = beginRestore(revision)
        return { type: 'done', revision, count: 0 }
      case 'restoreItems':
        return this.#stage(command.restore, command.pairs, revision)
      case 'restoreCommit':
        return this.#replaceKeys(command.restore, command.count, revision)
    }
  }

  #set(pairs: readonly Pair[], revision: number): CommandResult {
    for (const [key, value] of pairs) this.#keys.put(key, value, 0, revision)
    return { type: 'set', revision }
  }

  #txn({ compare, onSuccess, onFailure }: TxnCommand, revision: number): CommandResult {
    const parts = { keys: this.#keys, locks: this.locks }
    const succeeded = compare.every(one => holds(one, parts))
    const operations = succeeded ? onSuccess : onFailure
    if (operations.some(operation => this.#namesLostLease(operation))) return { type: 'refused', revision, code: 'LEASE_NOT_FOUND' }
    if (bytesRead(operations, this.#keys) > resultBytesMax) return { type: 'refused', revision, code: 'TOO_LARGE' }
    const ttlMs = Math.max(0, ...operations.map(operation => (operation.op === 'put' ? operation.ttlMs : 0)))
    if (ttlMs > 0) this.leases.grant(revision, Math.min(ttlMs, ttlMsMax), true)
    const results = operations.map(operation => run(operation, this.#keys, revision, revision))
    return { type: 'txn', revision, succeeded, lease: ttlMs > 0 ? revision : 0, results }
  }

  #namesLostLease(operation: Operation): boolean {
    return operation.op === 'put' && operation.lease !== 0 && this.leases.get(operation.lease) === undefined
  }

  #grant(ttlMs: number, revision: number): CommandResult {
    this.leases.grant(revision, Math.min(ttlMs, ttlMsMax), false)
    return this.#leaseResult(this.leases.get(revision), revision)
  }

  #leaseResult(record: LeaseRecord | undefined, revision: number): CommandResult {
    if (record === undefined) return { type: 'refused', revision, code: 'LEASE_NOT_FOUND' }
    return { type: 'lease', revision, lease: record.id, ttlMs: record.ttlMs }
  }

  #revoke(lease: number, revision: number): CommandResult {
    if (this.leases.get(lease) === undefined) return { type: 'refused', revision, code: 'LEASE_NOT_FOUND' }
    return { type: 'done', revision, count: this.#endLeases([lease], revision) }
  }

  /** What lives on them goes: keys, locks, places in queues. Returns how many keys. */
  #endLeases(leases: readonly number[], revision: number): number {
    let deleted = 0
    for (const lease of leases) {
      for (const key of this.#keys.keysOf(lease)) if (this.#keys.delete(key)) deleted++
      this.leases.remove(lease)
    }
    this.locks.end(leases, revision)
    return deleted
  }

  /** Log time goes on. A measurement that comes late, from an earlier leader, measured something else. */
  #pass(sinceMs: number, nowMs: number, revision: number): CommandResult {
    if (sinceMs !== this.#time) return { type: 'done', revision, count: 0 }
    this.#time = Math.max(this.#time, Math.min(nowMs, timeMax))
    const over = this.leases.pass(this.#time)
    this.#endLeases(over, revision)
    this.secrets.pass(this.#time)
    this.#staged = stagedAt(this.#time, this.#staged)
    this.answers.pass(this.#time, revision)
    return { type: 'done', revision, count: over.length }
  }

  /** Once for each id (thesis §6.3): the answer is kept with the state, so that whoever leads gives it again. */
  #keyed(keyed: KeyedCommand, revision: number): CommandResult {
    const { id, fingerprint } = keyed
    const before = this.answers.get(id)
    if (before !== undefined) {
      if (before.fingerprint !== fingerprint) return { type: 'refused', revision, code: 'IDEMPOTENCY_KEY_REUSED' }
      return { type: 'replayed', result: resultCodec.decode(bytesOf(before.result)) }
    }
    const command = decodeCommand(keyed.command)
    if (command.type === 'malformed') return command
    if (command.type === 'keyed' || command.type === 'time') return { type: 'malformed', message: `a ${command.type} command has no id` }
    if (!this.answers.hasRoomFor(keyed)) return { type: 'refused', revision, code: 'IDEMPOTENCY_TABLE_FULL' }
    const result = this.#perform(command, revision)
    this.answers.add({ key: id, fingerprint, revision, result: binaryFrom(resultCodec.encode(result)) })
    return result
  }

  #stage(restore: number, pairs: readonly Pair[], revision: number): CommandResult {
    if (this.#staged?.id !== restore) return { type: 'refused', revision, code: 'RESTORE_LOST' }
    let { items } = this.#staged
    for (const [key, value] of pairs) items = items.set({ key, value, created: revision, modified: revision, version: 1, lease: 0 })
    this.#staged = { id: restore, items, deadline: -1 }
    return { type: 'done', revision, count: items.size }
  }

  /** All keys at once. Their revisions are new ones, so no ETag or watcher of before can take them for what was there. */
  #replaceKeys(restore: number, count: number, revision: number): CommandResult {
    const staged = this.#staged
    if (staged?.id !== restore || staged.items.size !== count) return { type: 'refused', revision, code: 'RESTORE_LOST' }
    this.#keys.replace(staged.items)
    this.#staged = undefined
    this.history.restart(revision)
    return { type: 'done', revision, count }
  }

  /** A lease that was made for keys with a time to live is of no use without them. */
  #dropIdleLeases(): void {
    for (const lease of this.#keys.takeIdleLeases()) {
      if (this.leases.get(lease)?.implicit === true && this.#keys.countOf(lease) === 0) this.leases.remove(lease)
    }
  }
}
