import { expect, test } from 'vitest'
import { pause } from '../src/command/pause.ts'

test('a pause longer than a timer can be does not end at once', async () => {
  const stop = new AbortController()
  let isOver = false
  const paused = pause(stop.signal, 2 ** 31).then(() => (isOver = true))
  await pause(stop.signal, 50)
  expect(isOver).toBe(false)
  stop.abort()
  await paused
})
