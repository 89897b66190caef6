import { beforeEach, describe, expect, it } from 'vitest'
import type { Command, CommandResult, Operation } from '../src/store/command.ts'
import { encodeCommand } from '../src/store/command-codec.ts'
import { KvStore } from '../src/store/kv-store.ts'
import { remainingMs } from '../src/store/leases.ts'

let store: KvStore
let index: number
beforeEach(() => {
  store = new KvStore()
  index = 0
})

function apply(command: Command): CommandResult {
  return store.apply(encodeCommand(command), ++index)
}
function leaseOf(result: CommandResult): number {
  if (result.type !== 'lease') throw new Error(result.type)
  return result.lease
}
const grant = (ttlMs = 1_000) => leaseOf(apply({ type: 'grant', ttlMs }))
const pass = (nowMs: number) => apply({ type: 'time', sinceMs: store.time, nowMs })
const lock = (name: string, lease: number, value = '') => apply({ type: 'lock', name, lease, value })
const txn = (...onSuccess: Operation[]) => apply({ type: 'txn', compare: [], onSuccess, onFailure: [] })
const put = (key: string, { lease = 0, ttlMs = 0 } = {}): Operation => ({ op: 'put', key, value: 'v', lease, ttlMs })

/** A node that comes later and gets a snapshot goes on like those that were there. */
async function restored(): Promise<KvStore> {
  const other = new KvStore()
  await other.restore(store.snapshot())
  return other
}

describe('leases', () => {
  it('live for their time from the first time that is recorded after them, never from one before', () => {
    pass(10_000)
    const lease = grant()
    pass(12_500) // 2.5 s had passed by then, since who knows when
    expect(remainingMs(store.leases.get(lease)!, store.time)).toBe(1_001)
    pass(13_500)
    expect(store.leases.get(lease)).toBeDefined()
    pass(13_501)
    expect(store.leases.get(lease)).toBeUndefined()
  })

  it('begin anew when they are kept alive, also at the last moment', () => {
    const lease = grant()
    pass(100)
    expect(apply({ type: 'keepAlive', lease })).toEqual({ type: 'lease', revision: 3, lease, ttlMs: 1_000 })
    pass(5_000)
    expect(store.leases.get(lease)).toBeDefined()
    pass(6_001)
    expect(apply({ type: 'keepAlive', lease })).toEqual({ type: 'refused', revision: 6, code: 'LEASE_NOT_FOUND' })
  })

  it('are not ended by a time that comes late, from an earlier leader', () => {
    pass(1_000)
    const lease = grant()
    pass(1_500)
    expect(apply({ type: 'time', sinceMs: 1_000, nowMs: 90_000 })).toMatchObject({ count: 0 })
    apply({ type: 'time', sinceMs: 1_500, nowMs: 1_200 })
    expect(store.time).toBe(1_500)
    expect(store.leases.get(lease)).toBeDefined()
  })

  it('take their keys along, in one change', () => {
    const lease = grant()
    txn(put('b', { lease }), put('a', { lease }), put('c'))
    pass(0)
    pass(1_001)
    expect([...store.values()].map(item => item.key)).toEqual(['c'])
    const { changes } = store.history.next(index - 1)!
    expect(changes).toEqual([
      { key: 'a', value: undefined },
      { key: 'b', value: undefined },
    ])
  })

  it('let go of a key that is written without them', () => {
    const lease = grant()
    txn(put('a', { lease }))
    apply({ type: 'set', pairs: [['a', '2']] })
    expect(store.keysOf(lease)).toBe(0)
    expect(apply({ type: 'revoke', lease })).toEqual({ type: 'done', revision: 4, count: 0 })
    expect(store.get('a')?.value).toBe('2')
  })

  it('refuse a whole transaction that names one that is over', () => {
    expect(txn(put('a'), put('b', { lease: 77 }))).toEqual({ type: 'refused', revision: 1, code: 'LEASE_NOT_FOUND' })
    expect(store.size).toBe(0)
  })

  it('made for keys with a time to live go with the last of those', () => {
    expect(txn(put('a', { ttlMs: 500 }), put('b', { ttlMs: 500 }))).toMatchObject({ lease: 1 })
    expect(store.keysOf(1)).toBe(2)
    apply({ type: 'delete', key: 'a' })
    expect(store.leases.size).toBe(1)
    apply({ type: 'set', pairs: [['b', 'kept']] })
    expect(store.leases.size).toBe(0)
    pass(0)
    pass(1_000_000)
    expect(store.get('b')?.value).toBe('kept')
  })

  it('made for keys with a time to live go when a restore leaves no such key', () => {
    txn(put('a', { ttlMs: 1_000 }))
    const lease = grant()
    txn(put('b', { lease }))
    apply({ type: 'restoreBegin' })
    apply({ type: 'restoreCommit', restore: index, count: 0 })
    expect([...store.leases.records.values()].map(({ id }) => id)).toEqual([lease])
  })

  it('survive in snapshots, those that wait for their deadline and those that have one', async () => {
    const [early, late] = [grant(1_000), grant(9_000)]
    txn(put('early', { lease: early }), put('late', { lease: late }))
    lock('l', early)
    lock('l', late)
    pass(500)
    apply({ type: 'keepAlive', lease: late })
    const other = await restored()
    for (const machine of [store, other]) {
      machine.apply(encodeCommand({ type: 'time', sinceMs: 500, nowMs: 1_501 }), 100)
      expect(machine.leases.get(early)).toBeUndefined()
      expect([...machine.values()].map(item => item.key)).toEqual(['late'])
      expect(machine.locks.get('l')).toEqual({ key: 'l', holder: { lease: late, value: '', token: 100 }, waiting: [] })
      machine.apply(encodeCommand({ type: 'time', sinceMs: 1_501, nowMs: 10_501 }), 101)
      expect(machine.size).toBe(1)
      machine.apply(encodeCommand({ type: 'time', sinceMs: 10_501, nowMs: 10_502 }), 102)
      expect(machine.size).toBe(0)
      expect(machine.locks.get('l')).toBeUndefined()
    }
  })

  it.each([2 ** 53 - 1, 0])('do not mind numbers that make no sense: %d', ms => {
    const lease = grant(ms)
    pass(ms)
    pass(ms)
    pass(Number.MAX_SAFE_INTEGER)
    expect(store.leases.get(lease)?.deadline ?? 0).toBeLessThan(Number.MAX_SAFE_INTEGER)
  })
})

describe('locks', () => {
  it('are held by one, and go to who has waited longest, with a token that grows', () => {
    const [a, b, c] = [grant(), grant(), grant()]
    expect(lock('l', a)).toEqual({ type: 'lock', revision: 4, token: 4, ahead: 0 })
    expect(lock('l', b)).toMatchObject({ token: 0, ahead: 1 })
    expect(lock('l', c)).toMatchObject({ token: 0, ahead: 2 })
    expect(lock('l', a)).toMatchObject({ token: 4 })
    expect(lock('l', b)).toMatchObject({ token: 0, ahead: 1 })
    expect(apply({ type: 'unlock', name: 'l', lease: a })).toMatchObject({ count: 1 })
    expect(lock('l', b)).toMatchObject({ token: 9 })
    expect(lock('l', c)).toMatchObject({ ahead: 1 })
    expect(apply({ type: 'unlock', name: 'l', lease: a })).toMatchObject({ count: 0 })
  })

  it('do not go to a lease that ends at the same moment as the one of their holder', () => {
    const [a, b, c] = [grant(1_000), grant(1_000), grant(5_000)]
    for (const lease of [a, b, c]) lock('l', lease)
    pass(0)
    pass(1_001)
    expect(store.locks.get('l')?.holder).toEqual({ lease: c, value: '', token: index })
  })

  it('forget who waited and is gone', () => {
    const [a, b] = [grant(), grant()]
    lock('l', a)
    lock('l', b)
    apply({ type: 'revoke', lease: b })
    apply({ type: 'revoke', lease: a })
    expect(store.locks.get('l')).toBeUndefined()
    expect(lock('l', a)).toMatchObject({ code: 'LEASE_NOT_FOUND' })
  })

  it('show what their holder says', () => {
    const [a, b] = [grant(), grant()]
    lock('leader', a, 'one:80')
    lock('leader', b, 'two:80')
    lock('leader', a, 'one:81')
    expect(store.locks.get('leader')?.holder.value).toBe('one:81')
    lock('leader', b, 'two:81')
    apply({ type: 'revoke', lease: a })
    expect(store.locks.get('leader')?.holder.value).toBe('two:81')
  })

  it('guard transactions by their token', () => {
    const lease = grant()
    lock('l', lease)
    const guarded = (operand: number) =>
      apply({ type: 'txn', compare: [{ target: 'lock', key: 'l', op: '=', operand }], onSuccess: [put('k')], onFailure: [] })
    expect(guarded(2)).toMatchObject({ succeeded: true })
    apply({ type: 'revoke', lease })
    lock('l', grant())
    expect(guarded(2)).toMatchObject({ succeeded: false })
  })
})
