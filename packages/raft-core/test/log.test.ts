import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Entry } from '../src/log/entry.ts'
import { payloadBytes } from '../src/log/entry.ts'
import { Log, restoredLog } from '../src/log/log.ts'
import { noMembers } from '../src/membership/membership.ts'

const membership = { ...noMembers, voters: ['n1'] }
const entryAt = (term: number, index: number, size = 0): Entry => ({
  term,
  index,
  type: 'command',
  data: new Uint8Array(size).fill(term * 16 + index),
})

/** The whole log since the beginning of time, with where it was cut off, and how far each part of the work on it has come. */
class Model {
  entries: Entry[] = []
  base = 0
  saved = 0
  taken = 0
  commit = 0
  applied = 0
  applying = 0

  get last(): number {
    return this.entries.length
  }
  termAt(index: number): number | undefined {
    if (index < this.base || index > this.last) return undefined
    return index === 0 ? 0 : this.entries[index - 1]!.term
  }
}

/** Mostly a command; now and then what is none, or one that is long. */
function someEntry(term: number, index: number, size: number): Entry {
  if (index % 11 === 0) return { term, index, type: 'empty' }
  if (index % 13 === 0)
    return { term, index, type: 'membership', change: { transition: 'auto', changes: [{ type: 'voter', id: 'n2' }], context: undefined } }
  return entryAt(term, index, index % 17 === 0 ? 20_000 : size)
}

type Real = { log: Log }
type Command = fc.Command<Model, Real>

function agree(model: Model, { log }: Real): void {
  expect({ first: log.firstIndex, last: log.last }).toEqual({
    first: model.base + 1,
    last: { index: model.last, term: model.entries.at(-1)?.term ?? 0 },
  })
  const { saved, taken, commit, applied, applying } = log
  expect({ saved, taken, commit, applied, applying }).toEqual({
    saved: model.saved,
    taken: model.taken,
    commit: model.commit,
    applied: model.applied,
    applying: model.applying,
  })
  for (let index = 0; index <= model.last + 1; index++) {
    expect(log.termAt(index)).toBe(model.termAt(index))
    expect(log.at(index)).toEqual(index > model.base ? model.entries[index - 1] : undefined)
  }
  expect(log.hasUnsaved).toBe(model.saved < model.last)
  expect(log.hasUntaken).toBe(model.taken < model.last)
}

/** A command that is always possible, since it clamps what it is given. */
function command(name: string, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run: (model, real) => {
      run(model, real)
      agree(model, real)
    },
    toString: () => name,
  }
}

const append = (count: number, later: number) =>
  command(`append ${count}, ${later} terms later`, (model, { log }) => {
    const term = (model.entries.at(-1)?.term ?? 1) + later
    const entries = Array.from({ length: count }, (_, i) => someEntry(term, model.last + 1 + i, i * 40))
    model.entries.push(...entries)
    log.append(entries)
  })
const truncate = (share: number) =>
  command(`truncate at ${share}`, (model, { log }) => {
    // What is committed is never cut off.
    const from = model.commit + 1 + Math.floor(share * (model.last - model.commit))
    if (from > model.last) return
    model.entries.length = from - 1
    model.saved = Math.min(model.saved, from - 1)
    model.taken = Math.min(model.taken, from - 1)
    log.truncateFrom(from)
  })
const takeUnsaved = () =>
  command('take what is not saved', (model, { log }) => {
    expect(log.takeUnsaved()).toEqual(model.entries.slice(model.taken))
    model.taken = model.last
  })
const markSaved = (share: number, otherTerm: boolean) =>
  command(`saved up to ${share}${otherTerm ? ', of another term' : ''}`, (model, { log }) => {
    const index = model.base + Math.floor(share * (model.taken - model.base))
    const term = model.termAt(index)! + (otherTerm ? 1 : 0)
    if (!otherTerm) model.saved = Math.max(model.saved, index)
    log.markSaved({ term, index })
  })
const commit = (share: number) =>
  command(`commit ${share}`, (model, { log }) => {
    model.commit += Math.floor(share * (model.last - model.commit))
    log.commit = model.commit
  })
const takeAppliable = (savedOnly: boolean) =>
  command(`apply${savedOnly ? ' what is saved' : ''}`, (model, { log }) => {
    const upTo = savedOnly ? Math.min(model.commit, model.saved) : model.commit
    expect(log.hasAppliable(savedOnly)).toBe(model.applying < upTo)
    expect(log.takeAppliable(savedOnly)).toEqual(model.entries.slice(model.applying, Math.max(upTo, model.applying)))
    model.applying = Math.max(model.applying, upTo)
  })
const markApplied = (share: number) =>
  command(`applied ${share}`, (model, { log }) => {
    model.applied += Math.floor(share * (model.applying - model.applied))
    log.markApplied(model.applied)
  })
const compact = (share: number) =>
  command(`compact ${share}`, (model, { log }) => {
    // What is not saved is not covered by a snapshot either.
    model.base += Math.max(0, Math.floor(share * (Math.min(model.applied, model.saved) - model.base)))
    log.compact(model.base)
  })
const restore = (beyond: number, later: number) =>
  command(`restore a snapshot ${beyond} beyond the end`, (model, { log }) => {
    const index = model.last + beyond
    const term = (model.entries.at(-1)?.term ?? 1) + later
    log.restore({ term, index, membership, data: new Uint8Array() })
    model.entries = Array.from({ length: index }, (_, i) => entryAt(i + 1 === index ? term : 1, i + 1))
    model.base = model.saved = model.taken = model.commit = index
    // As once the snapshot is saved.
    log.snapshot = undefined
    log.markApplied(index)
    model.applied = model.applying = index
  })
const slice = (from: number, to: number, bytes: number) =>
  command(`slice ${from} to ${to}, ${bytes} bytes`, (model, { log }) => {
    const first = model.base + 1 + Math.floor(from * (model.last - model.base))
    const last = first - 1 + Math.floor(to * (model.last - first + 1))
    const got = log.slice(first, last, bytes)
    expect(got).toEqual(model.entries.slice(first - 1, first - 1 + got.length))
    const cost = (entries: readonly Entry[]) => entries.reduce((sum, entry) => sum + payloadBytes(entry) + 16, 0)
    if (got.length > 1) expect(cost(got)).toBeLessThanOrEqual(bytes)
    if (first <= last) expect(got.length).toBeGreaterThan(0)
    if (got.length < last - first + 1) expect(cost(model.entries.slice(first - 1, first + got.length))).toBeGreaterThan(bytes)
  })
const agreement = (share: number, term: number) =>
  command(`where a log of term ${term} at ${share} may agree`, (model, { log }) => {
    const index = Math.floor(share * model.last)
    const { index: at, term: found } = log.lastNotAfter(index, term)
    // Nothing between there and `index` could have been in a log that holds that term there.
    for (let between = at + 1; between <= index; between++) expect(model.termAt(between)).toBeGreaterThan(term)
    expect(found).toBe(at === 0 || at < model.base ? 0 : model.termAt(at))
  })

const share = fc.constantFrom(0, 0.3, 0.5, 0.8, 1)
const commands = [
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(2)).map(args => append(...args)),
  share.map(truncate),
  fc.constant(null).map(takeUnsaved),
  fc.tuple(share, fc.boolean()).map(args => markSaved(...args)),
  share.map(commit),
  fc.boolean().map(takeAppliable),
  share.map(markApplied),
  share.map(compact),
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(2)).map(args => restore(...args)),
  fc.tuple(share, share, fc.constantFrom(0, 20, 40, 100, Number.POSITIVE_INFINITY)).map(args => slice(...args)),
  fc.tuple(share, fc.nat(8)).map(args => agreement(...args)),
]

describe('the log', () => {
  test('does what a plain array with marks does', () => {
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 40, size: 'max' }), list => {
        fc.modelRun(() => ({ model: new Model(), real: { log: new Log({ term: 0, index: 0 }, [], 0, 0, Number.POSITIVE_INFINITY) } }), list)
      }),
      { numRuns: 300 },
    )
  })

  test('a later log is one with a later last term, or a longer one of the same', () => {
    const position = fc.record({ term: fc.nat(4), index: fc.nat(6) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 }), position, (term, length, theirs) => {
        const log = new Log(
          { term: 0, index: 0 },
          Array.from({ length }, (_, i) => entryAt(term, i + 1)),
          0,
          0,
          1,
        )
        const ours = term * 100 + length
        const other = theirs.term * 100 + theirs.index
        expect(log.isUpToDate(theirs)).toBe(other >= ours)
        expect(log.isUpToDateWith(theirs)).toBe(ours >= other)
      }),
    )
  })

  test('no more than `maxApplyBytes` are out to be applied, but always one entry; all come out in order', () => {
    const sizes = fc.array(fc.nat(60), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 200 }), fc.boolean(), (list, limit, oneByOne) => {
        const entries = list.map((size, i) => entryAt(1, i + 1, size))
        const log = new Log({ term: 0, index: 0 }, entries, entries.length, 0, limit)
        const out: number[] = []
        for (let waiting: Entry[] = []; out.length < entries.length; ) {
          const taken = log.takeAppliable(false)
          waiting.push(...taken)
          const bytes = waiting.reduce((sum, entry) => sum + payloadBytes(entry) + 16, 0)
          if (waiting.length > 1) expect(bytes - (payloadBytes(waiting.at(-1)!) + 16)).toBeLessThanOrEqual(limit)
          expect(waiting.length).toBeGreaterThan(0)
          const done = oneByOne ? waiting.splice(0, 1) : waiting.splice(0)
          out.push(...done.map(({ index }) => index))
          log.markApplied(out.at(-1)!)
        }
        expect(out).toEqual(entries.map(({ index }) => index))
      }),
    )
  })
})

describe('a restored log', () => {
  const snapshot = { term: 2, index: 5, membership, data: new Uint8Array() }
  const hardState = { term: 3, vote: undefined, commit: 6 }

  test('starts where the snapshot ends', () => {
    const log = restoredLog({ snapshot, hardState, entries: [entryAt(2, 6), entryAt(3, 7)], applied: 6 }, 1)
    expect({ first: log.firstIndex, last: log.last, commit: log.commit, applied: log.applied, saved: log.saved }).toEqual({
      ...{ first: 6, last: { term: 3, index: 7 }, commit: 6, applied: 6, saved: 7 },
    })
  })

  test('a commit or applied index before the snapshot is the snapshot’s', () => {
    const log = restoredLog({ snapshot, hardState: { ...hardState, commit: 2 }, applied: 1 }, 1)
    expect([log.commit, log.applied]).toEqual([5, 5])
  })

  test.for<[string, Parameters<typeof restoredLog>[0], string]>([
    ['a gap after the snapshot', { snapshot, entries: [entryAt(2, 7)] }, 'broken at index 7'],
    ['a gap in the log', { entries: [entryAt(1, 1), entryAt(1, 3)] }, 'broken at index 3'],
    ['terms that fall', { hardState, entries: [entryAt(3, 1), entryAt(2, 2)] }, 'broken at index 2'],
    ['a commit index beyond the log', { hardState }, 'commit index 6 lies beyond the log'],
    ['more applied than committed', { snapshot, applied: 6 }, 'applied index 6 lies beyond the commit index 5'],
    [
      'entries of a later term than the node’s',
      { snapshot, hardState: { ...hardState, commit: 5 }, entries: [entryAt(4, 6)] },
      'term 3 lies before',
    ],
    ['entries without a term', { snapshot, entries: [entryAt(2, 6)] }, 'term 0 lies before'],
    ['a snapshot at index 0', { snapshot: { ...snapshot, index: 0 } }, 'an index of at least 1'],
    [
      'a member that is listed twice',
      { snapshot: { ...snapshot, membership: { ...membership, voters: ['n1', 'n1'] } } },
      'names nobody twice',
    ],
  ])('%s is refused', ([, restored, message]) => {
    expect(() => restoredLog(restored, 1)).toThrow(message)
  })
})
