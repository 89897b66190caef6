import { describe, expect, it } from 'vitest'
import { History } from '../src/store/history.ts'
import type { Change } from '../src/store/keyspace.ts'

const gone = (key: string): Change[] => [{ type: 'delete', key }]

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
