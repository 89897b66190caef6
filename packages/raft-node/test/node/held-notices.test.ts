import type { Message, MessageOf } from 'raft-core'
import { expect, test } from 'vitest'
import { HeldNotices } from '../../src/held-notices.ts'
import type { Clock } from '../../src/ports.ts'

type Append = MessageOf<'appendEntries'>

const entry = { type: 'command', term: 2, index: 8, data: new Uint8Array(1) } as const

function append(more: Partial<Append> = {}): Append {
  const after = { term: 2, index: 7 }
  return { type: 'appendEntries', from: 'n1', to: 'n2', term: 2, session: 1, after, entries: [], commit: 7, ...more }
}

const heartbeat: Message = { type: 'heartbeat', from: 'n1', to: 'n2', term: 2, commit: 7, readToken: 1 }

function started() {
  const sent: Message[] = []
  let timer: (() => void) | undefined
  const timers: number[] = []
  const clock: Clock = {
    now: () => 0,
    after(delayMs, run) {
      timer = run
      timers.push(delayMs)
      return { cancel: () => (timer = undefined) }
    },
    random: () => 0,
    uniqueId: () => 'x',
  }
  const fire = () => {
    const run = timer
    timer = undefined
    run?.()
  }
  return {
    notices: new HeldNotices(clock, message => sent.push(message)),
    sent,
    fire,
    timers,
    isTimed: () => timer !== undefined,
  }
}

test('entries that go on from there take the place of a notice', () => {
  const { notices, sent, fire } = started()
  const entries = append({ entries: [entry] })
  notices.send(append())
  notices.send(entries)
  fire()
  expect(sent).toEqual([entries])
})

test('without them it leaves when its time is over, once to each member', () => {
  const { notices, sent, fire, timers } = started()
  notices.send(append())
  notices.send(append({ to: 'n3' }))
  expect([sent.length, timers]).toEqual([0, [1]])
  fire()
  fire()
  expect(sent).toEqual([append(), append({ to: 'n3' })])
})

test('a newer notice takes the place of an older one', () => {
  const { notices, sent, fire } = started()
  notices.send(append())
  notices.send(append({ commit: 8 }))
  fire()
  expect(sent).toEqual([append({ commit: 8 })])
})

test('it waits longer once entries have taken the place of the last one, and no longer than else once none have', () => {
  const { notices, fire, timers } = started()
  notices.send(append())
  notices.send(append({ entries: [entry] }))
  notices.send(append())
  expect(timers).toEqual([1])
  fire()
  notices.send(append())
  notices.send(append({ commit: 8 }))
  expect(timers).toEqual([1, 5])
  fire()
  notices.send(append())
  expect(timers).toEqual([1, 5, 1])
})

test('anything else goes behind it', () => {
  const { notices, sent } = started()
  notices.send(append())
  notices.send(heartbeat)
  expect(sent).toEqual([append(), heartbeat])
})

test.each<[string, Partial<Append>]>([
  ['of another term', { term: 3 }],
  ['in another life of the member', { session: 2 }],
  ['from another place', { after: { term: 2, index: 6 } }],
  ['from another entry there', { after: { term: 1, index: 7 } }],
  ['with a repair to end', { repair: 9 }],
  ['that tell less', { commit: 6 }],
])('entries %s do not take its place', (_what, more) => {
  const { notices, sent } = started()
  const entries = append({ entries: [entry], ...more })
  notices.send(append())
  notices.send(entries)
  expect(sent).toEqual([append(), entries])
})

test('nothing leaves once it is stopped', () => {
  const { notices, sent, fire, isTimed } = started()
  notices.send(append())
  notices.stop()
  expect(isTimed()).toBe(false)
  fire()
  expect(sent).toEqual([])
})
