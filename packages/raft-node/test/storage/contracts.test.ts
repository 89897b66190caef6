import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock/system-clock.ts'
import { clockContract } from '../../src/contracts/clock.ts'
import { filesContract } from '../../src/contracts/files.ts'
import { logStoreContract } from '../../src/contracts/log-store.ts'
import { snapshotStoreContract } from '../../src/contracts/snapshot-store.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { RealFolder } from './worlds.ts'

const tools = { describe, test, expect }

clockContract(tools, async () => ({ clock: systemClock(), pass: ms => new Promise(resolve => setTimeout(resolve, ms + 10)) }))

test('a wait of years does not wake the process up all the time', async () => {
  const warnings: Error[] = []
  const heard = (warning: Error) => void warnings.push(warning)
  process.on('warning', heard)
  const timers = [2 ** 31, 2 ** 50, Number.POSITIVE_INFINITY].map(ms => systemClock().after(ms, () => warnings.push(new Error('rang'))))
  await new Promise(resolve => setTimeout(resolve, 20))
  for (const timer of timers) timer.cancel()
  process.off('warning', heard)
  expect(warnings).toEqual([])
})

filesContract(tools, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'raft-files-'))
  return { files: nodeFiles, folder, another: async () => nodeFiles, dispose: () => rm(folder, { recursive: true }) }
})

describe.each(['level', 'wal'] as const)('%s', log => {
  logStoreContract(tools, async () => {
    const folder = await RealFolder.make({ log })
    return { store: () => folder.logStore(), crash: () => folder.crash(), dispose: () => folder.dispose() }
  })
})

snapshotStoreContract(tools, async () => {
  const folder = await RealFolder.make()
  return { store: () => folder.snapshotStore(), crash: () => folder.crash(), dispose: () => folder.dispose() }
})

test('files and folders are for their owner alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'raft-files-'))
  await nodeFiles.makeFolder(`${folder}/a/b`)
  await (await nodeFiles.create(`${folder}/a/b/c`)).close()
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  expect(await Promise.all([mode(`${folder}/a`), mode(`${folder}/a/b`), mode(`${folder}/a/b/c`)])).toEqual(['700', '700', '600'])
  await rm(folder, { recursive: true })
})
