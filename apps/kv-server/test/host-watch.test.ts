import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HostWatch } from '../src/host-watch.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'host-watch-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('knows what the folder takes, what is free, and how long a flush takes', async () => {
  writeFileSync(join(dir, 'data'), Buffer.alloc(10_000))
  const watch = new HostWatch()
  expect(watch.disk).toBeUndefined()
  await watch.look(dir)
  await watch.look(dir)
  expect(watch.disk?.dataBytes).toBe(10_000 + 4096) // and its own probe
  expect(watch.disk?.freeBytes).toBeGreaterThan(0)
  expect(watch.disk?.sizeBytes).toBeGreaterThanOrEqual(watch.disk?.freeBytes ?? 0)
  expect(watch.disk?.syncMsMax).toBeGreaterThanOrEqual(watch.disk?.syncMs ?? 0)
  expect(readdirSync(dir).filter(name => !name.startsWith('.'))).toEqual(['data'])
})

test('a folder that is gone says nothing, and does no harm', async () => {
  const watch = new HostWatch()
  await watch.look(join(dir, 'none'))
  expect(watch.disk).toBeUndefined()
  expect(watch.server.version).toMatch(/^\d+\.\d+\.\d+/)
})
