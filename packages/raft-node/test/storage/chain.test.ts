import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Chain, type Link } from '../../src/storage/chain.ts'

const hashes = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const growth = fc.array(fc.record({ ahead: fc.nat(1), hash: hashes }), { maxLength: 6 })
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('replace' as const), at: fc.nat(30), growth }),
    fc.record({ do: fc.constant('drop' as const), at: fc.nat(30) }),
  ),
  { maxLength: 12 },
)

/** Links whose terms never fall, from the term before on. */
function linksAfter(term: number, growth: readonly { readonly ahead: number; readonly hash: number }[]): Link[] {
  let now = term
  return growth.map(({ ahead, hash }) => {
    now += ahead
    return { term: now, hash }
  })
}

test('a chain answers as a list of links would, whatever is replaced and dropped', () => {
  fc.assert(
    fc.property(fc.nat(5), hashes, growth, steps, (base, hash, first, all) => {
      const links = [{ term: 1, hash }, ...linksAfter(1, first)]
      const chain = new Chain(base, links[0]!, links.slice(1))
      let start = base
      for (const step of all) {
        const place = step.at % links.length
        if (step.do === 'drop') {
          chain.dropBefore(start + place)
          links.splice(0, place)
          start += place
        } else {
          const added = linksAfter(links[place]!.term, step.growth)
          chain.replaceAfter(start + place, added)
          links.splice(place + 1, links.length, ...added)
        }
        expect(chain.last).toBe(start + links.length - 1)
        for (let at = -1; at <= links.length; at++) expect(chain.at(start + at)).toEqual(links[at])
      }
    }),
  )
})
