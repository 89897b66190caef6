import { expect, test } from 'vitest'
import { OneByOne } from '../../src/storage/one-by-one.ts'

test('steps run in order, one at a time; the first begins at once; one that fails holds up nobody', async () => {
  const steps = new OneByOne()
  const seen: string[] = []
  const step = (name: string, fails = false) =>
    steps.run(async () => {
      seen.push(`${name} begins`)
      await new Promise(setImmediate)
      seen.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    })
  const results = Promise.allSettled([step('a'), step('b', true), step('c')])
  expect(seen).toEqual(['a begins'])
  await steps.idle()
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  const later = step('d')
  expect(seen.at(-1)).toBe('d begins')
  expect(await later).toBe('d')
})
