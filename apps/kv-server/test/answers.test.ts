import { beforeEach, describe, expect, it } from 'vitest'
import type { Command, CommandResult } from '../src/store/command.ts'
import { encodeCommand } from '../src/store/command-codec.ts'
import { KvStore } from '../src/store/kv-store.ts'
import { restoreIdleMs } from '../src/store/staged.ts'

const day = 24 * 60 * 60 * 1000
let store: KvStore
let index: number
beforeEach(() => {
  store = new KvStore()
  index = 0
})

const put = (value: string): Command => ({ type: 'set', pairs: [['k', value]] })
function keyed(id: string, command: Command = put('v'), { fingerprint = 'f', records = 100, bytes = 1e6 } = {}): CommandResult {
  const limits = { records, bytes }
  return store.apply(encodeCommand({ type: 'keyed', id, fingerprint, limits, command: encodeCommand(command) }), ++index)
}
const pass = (nowMs: number) => store.apply(encodeCommand({ type: 'time', sinceMs: store.time, nowMs }), ++index)

describe('keyed commands', () => {
  it('are done once, and answered the same', () => {
    expect(keyed('a')).toEqual({ type: 'set', revision: 1 })
    store.apply(encodeCommand(put('other')), ++index)
    expect(keyed('a')).toEqual({ type: 'replayed', result: { type: 'set', revision: 1 } })
    expect(store.get('k')).toMatchObject({ value: 'other', modified: 2 })
  })

  it('with the key of another request are refused, and do nothing', () => {
    keyed('a')
    expect(keyed('a', put('w'), { fingerprint: 'g' })).toEqual({ type: 'refused', revision: 2, code: 'IDEMPOTENCY_KEY_REUSED' })
    expect(store.get('k')?.value).toBe('v')
  })

  it('are refused when the table is full, by number or by bytes; those in it are still answered', () => {
    keyed('a')
    expect(keyed('b', put('w'), { records: 1 })).toMatchObject({ code: 'IDEMPOTENCY_TABLE_FULL' })
    expect(keyed('b', put('w'), { bytes: 300 })).toMatchObject({ code: 'IDEMPOTENCY_TABLE_FULL' })
    expect(keyed('a', put('v'), { records: 1 })).toMatchObject({ type: 'replayed' })
    expect(store.get('k')?.value).toBe('v')
    expect(keyed('b', put('w'), { records: 2 })).toMatchObject({ type: 'set' })
  })

  it('are known for 24 hours of log time from the first that is recorded after them', () => {
    pass(1_000)
    keyed('a')
    pass(5_000)
    keyed('b')
    pass(5_000 + day - 1)
    expect(keyed('a')).toMatchObject({ type: 'replayed' })
    pass(5_000 + day)
    expect(store.answers.size).toBe(1)
    expect(keyed('b')).toMatchObject({ type: 'replayed' })
    pass(5_000 + day - 1 + day)
    expect(store.answers.size).toBe(0)
  })

  it('are known after a snapshot, and end at the same moment', async () => {
    keyed('a')
    pass(1)
    keyed('b')
    const other = new KvStore()
    await other.restore(store.snapshot())
    store = other
    expect(keyed('a')).toEqual({ type: 'replayed', result: { type: 'set', revision: 1 } })
    pass(1 + day)
    expect([...store.answers.records.values()].map(record => record.key)).toEqual(['b'])
  })

  it('go a few at a time when many are over', () => {
    for (let count = 0; count < 5_000; count++) keyed(`${count}`, put('v'), { records: 1e6, bytes: 1e9 })
    pass(0)
    pass(day)
    expect(store.answers.size).toBe(3_000)
    keyed('new', put('v'), { records: 1e6, bytes: 1e9 })
    expect(store.answers.size).toBe(2_993)
  })

  it.each([
    ['a keyed command', { type: 'keyed', id: 'x', fingerprint: '', limits: { records: 9, bytes: 9 }, command: new Uint8Array() }],
    ['log time', { type: 'time', sinceMs: 0, nowMs: 5 }],
  ] as const)('hold no %s', (_, command) => {
    expect(keyed('a', command)).toMatchObject({ type: 'malformed' })
    expect(store.answers.size).toBe(0)
    expect(store.time).toBe(0)
  })
})

describe('join secrets', () => {
  const use = (digest: string, user: string) => store.apply(encodeCommand({ type: 'useSecret', digest, user }), ++index)

  it('let one node in, as often as it asks, until their time is over', async () => {
    store.apply(encodeCommand({ type: 'addSecret', digest: 's', ttlMs: 1_000 }), ++index)
    expect(use('s', 'n2')).toMatchObject({ type: 'done' })
    const other = new KvStore()
    await other.restore(store.snapshot())
    store = other
    expect(use('s', 'n2')).toMatchObject({ type: 'done' })
    expect(use('s', 'n3')).toMatchObject({ code: 'SECRET_UNKNOWN' })
    pass(500)
    pass(1_499)
    expect(use('s', 'n2')).toMatchObject({ type: 'done' })
    pass(1_500)
    expect(use('s', 'n2')).toMatchObject({ code: 'SECRET_UNKNOWN' })
  })
})

describe('restoring keys', () => {
  const restore = (...commands: Command[]) => commands.map(command => store.apply(encodeCommand(command), ++index))

  it('replaces all of them at once, with new revisions', async () => {
    store.apply(encodeCommand(put('old')), ++index)
    const pairs = [['a', '1']] as const
    restore({ type: 'restoreBegin' }, { type: 'restoreItems', restore: 2, pairs })
    expect(store.get('k')?.value).toBe('old')
    const other = new KvStore()
    await other.restore(store.snapshot())
    store = other
    restore({ type: 'restoreItems', restore: 2, pairs: [['b', '2']] })
    expect(restore({ type: 'restoreCommit', restore: 2, count: 2 })).toEqual([{ type: 'done', revision: 5, count: 2 }])
    expect([...store.values()].map(item => [item.key, item.modified])).toEqual([
      ['a', 3],
      ['b', 4],
    ])
    expect(store.history.forgottenUpTo).toBe(5)
  })

  it('forgets what was staged when nothing more comes for a minute of log time', async () => {
    const items = { type: 'restoreItems', restore: 1, pairs: [['a', '1']] } as const
    restore({ type: 'restoreBegin' })
    for (let part = 0; part < 3; part++) {
      restore(items)
      pass(store.time + 1)
      pass(store.time + restoreIdleMs - 1)
    }
    expect(store.isRestoring).toBe(true)
    const other = new KvStore()
    await other.restore(store.snapshot())
    store = other
    pass(store.time + 1)
    expect(store.isRestoring).toBe(false)
    expect(restore(items)).toMatchObject([{ code: 'RESTORE_LOST' }])
  })

  it('does nothing when another restore came in between, or keys are missing', () => {
    restore({ type: 'restoreBegin' }, { type: 'restoreBegin' })
    const lost = { type: 'refused', code: 'RESTORE_LOST' }
    expect(restore({ type: 'restoreItems', restore: 1, pairs: [] })).toMatchObject([lost])
    expect(restore({ type: 'restoreCommit', restore: 2, count: 1 })).toMatchObject([lost])
    expect(restore({ type: 'restoreCommit', restore: 2, count: 0 })).toMatchObject([{ type: 'done' }])
  })
})
