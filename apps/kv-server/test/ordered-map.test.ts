import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OrderedMap } from '../src/store/ordered-map.ts'

type Item = { readonly key: string; readonly value: number }
type Write = { readonly type: 'set' | 'delete'; readonly key: string; readonly value: number }

const oddKeys = ['__proto__', 'constructor', 'toString', '10', '9', '', '👋', '\uffff', '\ud83d']
const key = fc.oneof(
  fc.integer({ min: 0, max: 300 }).map(number => `k${number}`),
  fc.string({ maxLength: 3 }),
  fc.constantFrom(...oddKeys),
)
const write: fc.Arbitrary<Write> = fc.record({
  type: fc.constantFrom('set' as const, 'set' as const, 'delete' as const),
  key,
  value: fc.nat(1000),
})

function sorted(model: ReadonlyMap<string, number>, from = ''): Item[] {
  const entries = [...model].filter(([name]) => name >= from).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, value]) => ({ key: name, value }))
}

function perform(map: OrderedMap<Item>, model: Map<string, number>, { type, key, value }: Write): OrderedMap<Item> {
  if (type === 'set') model.set(key, value)
  else model.delete(key)
  return type === 'set' ? map.set({ key, value }) : map.delete(key)
}

describe('OrderedMap', () => {
  it('does what a sorted Map does', () => {
    const writes = fc.array(write, { maxLength: 600, size: 'max' })
    fc.assert(
      fc.property(writes, key, (writes, from) => {
        const model = new Map<string, number>()
        let map = OrderedMap.empty<Item>()
        for (const one of writes) {
          map = perform(map, model, one)
          expect(map.get(one.key)?.value).toBe(model.get(one.key))
          expect(map.size).toBe(model.size)
        }
        expect([...map.values()]).toEqual(sorted(model))
        expect([...map.values(from)]).toEqual(sorted(model, from))
      }),
      { numRuns: 60 },
    )
  })

  it('is made of ascending items at once, and then does what one does that grew', () => {
    fc.assert(
      fc.property(fc.nat(3_000), fc.array(write, { maxLength: 600, size: 'max' }), (count, writes) => {
        const model = new Map(Array.from({ length: count }, (_, i) => [`k${i}`, i]))
        const first = OrderedMap.ofAscending(sorted(model))
        const kept = sorted(model)
        let map = first
        expect(map.size).toBe(count)
        for (const one of writes) map = perform(map, model, one)
        expect([...map.values()]).toEqual(sorted(model))
        for (const name of model.keys()) expect(map.get(name)?.value).toBe(model.get(name))
        expect([...first.values()]).toEqual(kept)
        for (const name of model.keys()) map = map.delete(name)
        expect([map.size, ...map.values()]).toEqual([0])
      }),
      { numRuns: 40 },
    )
  })

  it('keeps every earlier version as it was', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 200, size: 'max' }), fc.array(write, { maxLength: 200, size: 'max' }), (before, after) => {
        const model = new Map<string, number>()
        let map = OrderedMap.empty<Item>()
        for (const one of before) map = perform(map, model, one)
        const [kept, expected] = [map, sorted(model)]
        for (const one of after) map = perform(map, model, one)
        expect([...kept.values()]).toEqual(expected)
        expect(kept.size).toBe(expected.length)
      }),
      { numRuns: 60 },
    )
  })

  it('is written as a draft, and what was frozen in between stays as it was', () => {
    // What was looked at last is written in its place, if it still stands there: so a write may follow a look, or another write in between.
    const step = fc.oneof({ weight: 12, arbitrary: write }, { weight: 1, arbitrary: fc.constant('freeze' as const) })
    const looked = fc.oneof({ weight: 1, arbitrary: key }, { weight: 1, arbitrary: fc.constant('the same' as const) })
    fc.assert(
      fc.property(fc.array(fc.tuple(looked, step), { maxLength: 900, size: 'max' }), steps => {
        const model = new Map<string, number>()
        const draft = OrderedMap.empty<Item>().draft()
        const frozen: (readonly [OrderedMap<Item>, Item[]])[] = []
        for (const [look, one] of steps) {
          if (one !== 'freeze') draft.get(look === 'the same' ? one.key : look)
          if (one === 'freeze') frozen.push([draft.freeze(), sorted(model)])
          else if (one.type === 'delete') expect(draft.delete(one.key)).toBe(model.delete(one.key))
          else {
            model.set(one.key, one.value)
            draft.set({ key: one.key, value: one.value })
          }
          if (one !== 'freeze') expect(draft.get(one.key)?.value).toBe(model.get(one.key))
          expect(draft.size).toBe(model.size)
        }
        for (const [map, items] of [...frozen, [draft.freeze(), sorted(model)] as const]) {
          expect([...map.values()]).toEqual(items)
          expect(map.size).toBe(items.length)
          for (const { key, value } of items) expect(map.get(key)?.value).toBe(value)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('a draft of a map leaves that map alone, also where both go on', () => {
    let map = OrderedMap.empty<Item>()
    for (let value = 0; value < 500; value++) map = map.set({ key: `k${value}`, value })
    const drafts = [map.draft(), map.draft()] as const
    for (const [at, draft] of drafts.entries()) for (let value = 0; value < 500; value += 2) draft.set({ key: `k${value}`, value: -at - 1 })
    expect([map.get('k2')?.value, drafts[0].get('k2')?.value, drafts[1].get('k2')?.value]).toEqual([2, -1, -2])
    expect([...map.values()].every(({ key, value }) => key === `k${value}`)).toBe(true)
  })

  it.each(['ascending', 'descending', 'scattered'] as const)('grows and shrinks again through every height: %s', order => {
    const count = 5_000
    const names = Array.from({ length: count }, (_, place) => {
      const number = order === 'ascending' ? place : order === 'descending' ? count - place : (place * 7919) % count
      return String(number).padStart(6, '0')
    })
    let map = OrderedMap.empty<Item>()
    for (const [value, key] of names.entries()) map = map.set({ key, value })
    expect([...map.values()].map(item => item.key)).toEqual([...names].sort())
    for (const [done, key] of names.entries()) {
      map = map.delete(key)
      expect(map.size).toBe(count - done - 1)
      if (done % 500 === 0) expect([...map.values()].map(item => item.key)).toEqual(names.slice(done + 1).sort())
    }
    expect([...map.values()]).toEqual([])
  })

  it('gives the same map back when there is nothing to delete', () => {
    const map = OrderedMap.empty<Item>().set({ key: 'a', value: 1 })
    expect(map.delete('b')).toBe(map)
  })
})
