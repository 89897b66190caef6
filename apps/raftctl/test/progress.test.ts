import { expect, test } from 'vitest'
import { Progress } from '../src/progress/progress.ts'

/** A stream that remembers, and a clock that stands still. */
function fake(isTTY: boolean) {
  const written: string[] = []
  const clock = { now: 0 }
  const stream = { isTTY, columns: 80, write: (text: string) => written.push(text), on: () => {}, once: () => {}, removeListener: () => {} }
  return { written, clock, streams: { stream: stream as unknown as NodeJS.WriteStream, now: () => clock.now } }
}

test('elsewhere than in a terminal: a line every two seconds, and none for what is short', async () => {
  const { written, clock, streams } = fake(false)
  const progress = await Progress.start('restore', 4096, streams)
  progress.add(1024)
  expect(written).toEqual([])
  clock.now = 2_500
  progress.add(1024)
  progress.add(1024)
  clock.now = 5_000
  progress.add(1024)
  progress.end()
  expect(written).toEqual(['restore: 2.0 KiB of 4.0 KiB (50 %)\n', 'restore: 4.0 KiB of 4.0 KiB (100 %)\n'])
})

test('without a total: how much there is so far', async () => {
  const { written, clock, streams } = fake(false)
  const progress = await Progress.start('snapshot', 0, streams)
  clock.now = 3_000
  progress.add(5)
  expect(written).toEqual(['snapshot: 5 B\n'])
})
