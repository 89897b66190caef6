import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { History } from '../src/store/history.ts'
import type { Change } from '../src/store/keyspace.ts'

const gone = (key: string): Change[] => [{ key, value: undefined }]

describe('History', () => {
  it('tells what came after a revision, in order', () => {
    const history = new History({ revisions: 10, bytes: 1e6 })
    for (const revision of [3, 5, 9]) history.record(revision, gone(`k${revision}`))
    history.record(12, [])
    expect(history.last).toBe(12)
    expect([0, 2, 3, 4, 5, 8].map(revision => history.next(revision)?.revision)).toEqual([3, 3, 5, 5, 9, 9])
    expect(history.next(9)).toBeUndefined()
  })

  it('forgets the oldest beyond its bounds, and says up to where', () => {
    const history = new History({ revisions: 3, bytes: 1e6 })
    for (let revision = 1; revision <= 5_000; revision++) history.record(revision, gone('k'))
    expect(history.forgottenUpTo).toBe(4_997)
    expect(history.next(4_997)?.revision).toBe(4_998)
    const narrow = new History({ revisions: 100, bytes: 400 })
    for (let revision = 1; revision <= 10; revision++) narrow.record(revision, gone('k'))
    expect(narrow.forgottenUpTo).toBe(8)
  })

  it('tells and forgets what one command did as one', () => {
    const history = new History({ revisions: 2, bytes: 1e6 })
    history.record(1, [...gone('a'), ...gone('b')])
    history.record(2, [...gone('c'), ...gone('c'), ...gone('d')])
    expect(history.next(0)).toEqual({ revision: 1, changes: [...gone('a'), ...gone('b')] })
    history.record(3, gone('e'))
    expect(history.forgottenUpTo).toBe(1)
    expect(history.next(1)).toEqual({ revision: 2, changes: [...gone('c'), ...gone('c'), ...gone('d')] })
    history.record(4, gone('f'))
    expect(history.next(0)).toEqual({ revision: 3, changes: gone('e') })
  })

  it('keeps the order when it remembers more than before, wherever the oldest lies', () => {
    const history = new History({ revisions: 5_000, bytes: 1e6 })
    const item = (revision: number, bytes: number): Change[] => {
      return [{ key: 'k', value: 'v'.repeat(bytes), created: 1, modified: revision, version: revision, lease: 0 }]
    }
    for (let revision = 1; revision <= 1_500; revision++) history.record(revision, item(revision, 1_000))
    expect(history.forgottenUpTo).toBe(632)
    for (let revision = 1_501; revision <= 6_000; revision++) history.record(revision, item(revision, 1))
    let told = history.forgottenUpTo
    expect(told).toBeGreaterThan(1_000)
    expect(told).toBeLessThan(1_500)
    for (let next = history.next(told); next !== undefined; next = history.next(told)) {
      expect(next.revision).toBe(++told)
      expect(next.changes).toMatchObject([{ modified: told }])
    }
    expect(told).toBe(6_000)
  })

  it('tells what a plain list would, also after a command of very many changes and a new beginning', () => {
    const limits = { revisions: 300, bytes: 1e9 }
    const history = new History(limits)
    let plain: { revision: number; changes: Change[] }[] = []
    for (let revision = 1; revision <= 4_000; revision++) {
      if (revision === 2_500) {
        history.restart(revision)
        plain = []
        continue
      }
      const many = revision === 1_000 || revision === 3_000 ? 20_000 : 1 + (revision % 3)
      const changes = Array.from({ length: many }, (_, at) => gone(`${revision}-${at}`)).flat()
      history.record(revision, changes)
      plain = [...plain, { revision, changes }].slice(-limits.revisions)
      if (revision % 97 !== 0) continue
      for (const at of [0, 1, plain.length - 1]) expect(history.next((plain[at]?.revision ?? 0) - 1)).toEqual(plain[at])
    }
  })

  it('holds on to nothing that it has forgotten', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const history = new History({ revisions: 100_000, bytes: 4 * 1024 * 1024 })
    const value = Buffer.alloc(256 * 1024, 1)
    collect()
    const before = process.memoryUsage().heapUsed
    for (let revision = 1; revision <= 900; revision++) {
      const item = { key: 'k', value: value.toString('latin1'), created: 1, modified: revision, version: revision, lease: 0 }
      history.record(revision, [item])
    }
    collect()
    expect((process.memoryUsage().heapUsed - before) / 1024 / 1024).toBeLessThan(16)
    expect(history.next(history.forgottenUpTo)?.changes).toHaveLength(1)
  })

  it('begins anew where the state came from elsewhere', () => {
    const history = new History({ revisions: 10, bytes: 1e6 })
    history.record(1, gone('k'))
    history.restart(50)
    expect([history.forgottenUpTo, history.last, history.next(0)]).toEqual([50, 50, undefined])
  })

  it('calls who listens, after every command, until told not to', () => {
    const history = new History({ revisions: 10, bytes: 1e6 })
    let calls = 0
    const stop = history.listen(() => calls++)
    history.record(1, [])
    stop()
    history.record(2, [])
    expect(calls).toBe(1)
  })
})
