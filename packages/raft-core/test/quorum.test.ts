import { setFlagsFromString } from 'node:v8'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { committedIndex, voteOutcome } from '../src/membership/quorum.ts'

setFlagsFromString('--allow-natives-syntax')
/** An array of it alone holds small integers only. Made anew each time: V8 remembers what such an array came to hold before. */
const isSmallInteger = (value: number): boolean => new Function('value', 'return %HasSmiElements([value])')(value)

const ids = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7']
const someIds = fc.subarray(ids)
const indices = fc.dictionary(fc.constantFrom(...ids), fc.nat(20))
const ballots = fc.dictionary(fc.constantFrom(...ids), fc.boolean())

describe('committedIndex (§5.3, §6)', () => {
  test.for<[string[], string[], Record<string, number>, number]>([
    [[], [], {}, Number.POSITIVE_INFINITY],
    [['n1'], [], {}, 0],
    [['n1'], [], { n1: 12 }, 12],
    [['n1', 'n2'], [], { n1: 12, n2: 5 }, 5],
    [['n1', 'n2', 'n3'], [], { n1: 12, n2: 5 }, 5],
    [['n1', 'n2', 'n3', 'n4'], [], { n1: 4, n2: 3, n3: 2, n4: 1 }, 2],
    [['n1', 'n2', 'n3'], ['n3', 'n4', 'n5'], { n1: 9, n2: 9, n3: 9 }, 0],
    [['n1', 'n2', 'n3'], ['n3', 'n4', 'n5'], { n1: 9, n2: 9, n3: 7, n4: 8 }, 7],
  ])('%j and %j, %j: %s', ([voters, outgoing, acknowledged, index]) => {
    expect(committedIndex({ voters, outgoing }, id => acknowledged[id])).toBe(index)
  })

  test('is what V8 calls a small integer, also once something else was infinite', () => {
    const majorities = { voters: ['n1', 'n2', 'n3'], outgoing: [] }
    expect(committedIndex(majorities, () => Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    expect(isSmallInteger(committedIndex(majorities, () => 7))).toBe(true)
    expect(committedIndex(majorities, () => 2 ** 40)).toBe(2 ** 40)
  })

  test('is the greatest index that a majority has, and both have when joint', () => {
    fc.assert(
      fc.property(someIds, someIds, indices, (voters, outgoing, acknowledged) => {
        const holds = (group: readonly string[], index: number) =>
          group.filter(id => (acknowledged[id] ?? 0) >= index).length * 2 > group.length || group.length === 0
        const candidates = [0, ...Object.values(acknowledged)].filter(index => holds(voters, index) && holds(outgoing, index))
        const expected = voters.length + outgoing.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...candidates)
        expect(committedIndex({ voters, outgoing }, id => acknowledged[id])).toBe(expected)
      }),
    )
  })

  test('never falls when somebody acknowledges more', () => {
    fc.assert(
      fc.property(someIds, someIds, indices, fc.constantFrom(...ids), fc.nat(5), (voters, outgoing, acknowledged, id, more) => {
        const before = committedIndex({ voters, outgoing }, each => acknowledged[each])
        const after = committedIndex({ voters, outgoing }, each => (acknowledged[each] ?? 0) + (each === id ? more : 0))
        expect(after).toBeGreaterThanOrEqual(before)
      }),
    )
  })
})

describe('voteOutcome (§5.2, §6)', () => {
  test.for<[string[], string[], Record<string, boolean>, string]>([
    [[], [], {}, 'won'],
    [['n1'], [], {}, 'pending'],
    [['n1', 'n2', 'n3'], [], { n1: true }, 'pending'],
    [['n1', 'n2', 'n3'], [], { n1: true, n2: true }, 'won'],
    [['n1', 'n2', 'n3'], [], { n1: true, n2: false, n3: false }, 'lost'],
    [['n1', 'n2', 'n3', 'n4'], [], { n1: true, n2: true, n3: false, n4: false }, 'lost'],
    [['n1', 'n2'], ['n3', 'n4'], { n1: true, n2: true, n3: true }, 'pending'],
    [['n1', 'n2'], ['n3', 'n4'], { n1: true, n2: true, n3: false }, 'lost'],
  ])('%j and %j, %j: %s', ([voters, outgoing, votes, outcome]) => {
    expect(voteOutcome({ voters, outgoing }, id => votes[id])).toBe(outcome)
  })

  test('is won exactly when the votes cast suffice, and lost when those missing could not turn it', () => {
    fc.assert(
      fc.property(someIds, someIds, ballots, (voters, outgoing, votes) => {
        const wins = (vote: (id: string) => boolean) =>
          [voters, outgoing].every(group => group.length === 0 || group.filter(vote).length * 2 > group.length)
        const expected = wins(id => votes[id] === true) ? 'won' : wins(id => votes[id] !== false) ? 'pending' : 'lost'
        expect(voteOutcome({ voters, outgoing }, id => votes[id])).toBe(expected)
      }),
    )
  })

  test('a won election and a committed entry always share a voter', () => {
    fc.assert(
      fc.property(someIds, someIds, indices, ballots, (voters, outgoing, acknowledged, votes) => {
        const index = committedIndex({ voters, outgoing }, id => acknowledged[id])
        fc.pre(index > 0 && Number.isFinite(index) && voteOutcome({ voters, outgoing }, id => votes[id]) === 'won')
        expect([...voters, ...outgoing].some(id => votes[id] === true && (acknowledged[id] ?? 0) >= index)).toBe(true)
      }),
    )
  })
})
