import { expect, test } from 'vitest'
import { flushesOf } from './proof/faulty-storage.ts'

test('a delayed flush ends after the delay and the real one', async () => {
  const events: string[] = []
  await flushesOf({ syncDelayMs: 5 })(async () => void events.push('real flush'))
  expect(events).toEqual(['real flush'])
})

test('flushes fail from the one on that was named, and the disk is not asked again', async () => {
  const flush = flushesOf({ failSyncFrom: 2 })
  let real = 0
  const sync = async () => void real++
  await flush(sync)
  await expect(flush(sync)).rejects.toMatchObject({ code: 'EIO' })
  await expect(flush(sync)).rejects.toMatchObject({ code: 'EIO' })
  expect(real).toBe(1)
})

test('the planted bug answers before the real flush has begun', async () => {
  let synced = false
  let end: () => void = () => undefined
  const ended = new Promise<void>(resolve => (end = resolve))
  await flushesOf({ syncDelayMs: 1, answersBeforeSync: true })(async () => {
    synced = true
    end()
  })
  expect(synced).toBe(false)
  await ended
  expect(synced).toBe(true)
})
