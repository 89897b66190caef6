import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { relative } from 'node:path'
import { promisify } from 'node:util'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock/system-clock.ts'
import { inspect } from '../../src/inspect/index.ts'
import { openStorage } from '../../src/level/index.ts'
import type { Files } from '../../src/storage/files.ts'
import { type LogKind, logKindOf } from '../../src/storage/folder-layout.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { WalMedium } from '../../src/storage/wal-log-store.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(`${tmpdir()}/raft-folder-`)
})
afterEach(() => rm(root, { recursive: true }))

const open = async (dir: string, log?: LogKind) => {
  const { logStore } = openStorage({ dir, log, clock: systemClock() })
  try {
    return await logStore.open()
  } finally {
    await logStore.close()
  }
}

describe('a folder that is not ours is refused and left as it is', () => {
  test('other files', async () => {
    await writeFile(`${root}/thesis.doc`, '')
    await expect(open(root)).rejects.toMatchObject({ code: 'FOLDER_FOREIGN', message: expect.stringContaining('thesis.doc') })
    expect(await readdir(root)).toEqual(['thesis.doc'])
  })

  test('a folder that happens to have logs, like /var', async () => {
    await mkdir(`${root}/log`)
    await mkdir(`${root}/lib`)
    await expect(open(root)).rejects.toMatchObject({ code: 'FOLDER_FOREIGN' })
    await rm(`${root}/lib`, { recursive: true })
    await writeFile(`${root}/log/syslog`, '')
    await expect(open(root)).rejects.toMatchObject({ code: 'FOLDER_FOREIGN' })
    expect(await readdir(`${root}/log`)).toEqual(['syslog'])
  })

  test('another program’s database', async () => {
    const db = new ClassicLevel(`${root}/log`)
    await db.put('a', 'b')
    await db.close()
    await expect(open(root)).rejects.toMatchObject({ code: 'FOLDER_FOREIGN', message: expect.stringContaining(root) })
  })
})

test.each([
  ['level', 'wal'],
  ['wal', 'level'],
] as const)('a folder that was made with the log store %s is refused with %s', async (one, other) => {
  await open(root, one)
  const before = await readdir(root)
  const message = expect.stringMatching(`--log-store ${one}.*log: '${one}'`)
  await expect(open(root, other)).rejects.toMatchObject({ code: 'FOLDER_FOREIGN', message })
  expect(await readdir(root)).toEqual(before)
  await open(root, one)
})

test('which log store a folder was made with can be asked, also of folders that are not there', async () => {
  await open(`${root}/a`, 'wal')
  await open(`${root}/b`, 'level')
  const asked = ['a', 'b', 'c'].map(name => logKindOf(nodeFiles, `${root}/${name}`))
  expect(await Promise.all(asked)).toEqual(['wal', 'level', undefined])
})

test('a folder of strangers is no write-ahead log', async () => {
  await mkdir(`${root}/wal`)
  await writeFile(`${root}/wal/archive_status`, '')
  await expect(open(root, 'wal')).rejects.toMatchObject({ code: 'FOLDER_FOREIGN', message: expect.stringContaining('archive_status') })
  expect(await readdir(`${root}/wal`)).toEqual(['archive_status'])
})

test('a new volume is not empty, and still new', async () => {
  await mkdir(`${root}/lost+found`)
  await writeFile(`${root}/.keep`, '')
  expect((await open(root)).identity).toBe(undefined)
})

test('a file in the place of the folder is no folder', async () => {
  await writeFile(`${root}/file`, '')
  await expect(open(`${root}/file`)).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' })
  await expect(open(`${root}/file/below`)).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' })
})

test('nothing is made before opening', async () => {
  openStorage({ dir: `${root}/data`, clock: systemClock() })
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(await readdir(root)).toEqual([])
})

describe.each(['level', 'wal'] as const)('a folder that is open, with the log store %s', kind => {
  const lockedFolder = { level: 'log', wal: 'wal/lock' }[kind]
  const opened = async (dir: string) => {
    const { logStore } = openStorage({ dir, log: kind, clock: systemClock() })
    await logStore.open()
    return logStore
  }

  test('stays locked against other processes, however often this one is refused it', async () => {
    const logStore = await opened(`${root}/data`)
    for (const _ of [1, 2]) await expect(open(`${root}/data`, kind)).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
    await expect(inspect(`${root}/data`)).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
    expect(await openElsewhere(`${root}/data/${lockedFolder}`)).toBe('LEVEL_LOCKED')
    await logStore.close()
    expect(await openElsewhere(`${root}/data/${lockedFolder}`)).toBe('opened')
    await open(`${root}/data`, kind)
  })

  test('is refused by whatever name', async () => {
    await symlink(`${root}/data`, `${root}/link`)
    const logStore = await opened(`${root}/data`)
    const names = [`${root}/data/`, `${root}/link`, relative(process.cwd(), `${root}/data`), `${root}/./data`]
    for (const name of names) await expect(open(name, kind)).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
    expect(await openElsewhere(`${root}/data/${lockedFolder}`)).toBe('LEVEL_LOCKED')
    await logStore.close()
    await open(`${root}/link`, kind)
  })

  test('is refused to the second of two who open it at once', async () => {
    const [one, other] = await Promise.allSettled([opened(`${root}/data`), opened(`${root}/data/`)])
    const stores = [one, other].flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))
    expect(stores).toHaveLength(1)
    expect(await openElsewhere(`${root}/data/${lockedFolder}`)).toBe('LEVEL_LOCKED')
    for (const store of stores) await store.close()
  })
})

/** What another process hears that opens this database. */
async function openElsewhere(folder: string): Promise<string> {
  const program = `
    import { ClassicLevel } from 'classic-level'
    const level = new ClassicLevel(process.argv[1])
    await level.open().then(() => console.log('opened'), error => console.log(error.cause.code))
    await level.close()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, folder], {
    cwd: import.meta.dirname,
  })
  return stdout.trim()
}

test('a write-ahead log lets go of its folder also where closing its files fails', async () => {
  const files: Files = {
    ...nodeFiles,
    async create(path) {
      const file = await nodeFiles.create(path)
      const close = () => file.close().then(() => Promise.reject(new Error('EIO: i/o error')))
      return { ...file, close }
    },
  }
  const medium = new WalMedium(files, `${root}/wal`)
  await medium.open()
  await medium.readHead()
  await medium.initialize({ clusterId: 'c', nodeId: 'n1', incarnation: 'i' })
  await expect(medium.close()).rejects.toThrow('EIO')
  const lock = await nodeFiles.lock(`${root}/wal/lock`)
  await lock.release()
})
