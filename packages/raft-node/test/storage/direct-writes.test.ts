import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type FileHandle, open, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/clock/system-clock.ts'
import { DirectWrites, takesDirectWrites } from '../../src/storage/direct-writes.ts'
import type { OpenFile } from '../../src/storage/files.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { WalLogStore } from '../../src/storage/wal-log-store.ts'
import { RealFolder } from './worlds.ts'

const disk = vi.hoisted(() => ({ refuses: undefined as string | undefined, takesAtOnce: Number.POSITIVE_INFINITY, flushes: 0 }))

vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>()
  type Done = (error: unknown, written: number) => void
  const write = (fd: number, bytes: Uint8Array, from: number, length: number, at: number, done: Done) => {
    if (disk.refuses !== undefined) return done(Object.assign(new Error(disk.refuses), { code: disk.refuses }), 0)
    if (disk.takesAtOnce === 0) return done(null, 0)
    fs.write(fd, bytes, from, Math.min(length, disk.takesAtOnce), at, done)
  }
  const fdatasync = (fd: number, done: (error: unknown) => void) => {
    disk.flushes += 1
    fs.fdatasync(fd, done)
  }
  return { ...fs, write, fdatasync }
})

let folder: RealFolder
let path: string
let ordinary: FileHandle
let direct: DirectWrites

beforeEach(async () => {
  disk.refuses = undefined
  disk.takesAtOnce = Number.POSITIVE_INFINITY
  folder = await RealFolder.make()
  await nodeFiles.makeFolder(folder.dir)
  path = `${folder.dir}/log`
  await writeFile(path, Buffer.alloc(fileBytes, 0xee)) // as a file that is used again
  ordinary = await open(path, 'r+')
  direct = new DirectWrites(path, ordinary)
})

afterEach(async () => {
  await direct.close()
  await ordinary.close()
  await folder.dispose()
})

/** Bytes that differ from their neighbours, and from those of other `from`. */
function some(length: number, from: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => 1 + ((from + i * 7) % 251)))
}

/** Where the system or the file system takes none, there is nothing to look at. */
const isTaken = await takesDirectWrites(tmpdir())
const fileBytes = 1024 * 1024

describe.runIf(isTaken)('direct writes', () => {
  test('of every length follow each other, and end in zeros up to the end of a block', async () => {
    let end = 0
    let expected = Buffer.alloc(0)
    for (const length of [1, 4095, 1, 511, 3584, 4096, 5000, 100_000, 12, 8192, 4095, 508 * 1024, 77, 1]) {
      const bytes = some(length, end)
      expect(await direct.write(end, bytes)).toBe(true)
      expected = Buffer.concat([expected, bytes])
      end += length
      const inFile = await content()
      expect(inFile.subarray(0, end).equals(expected)).toBe(true)
      const block = Math.ceil(end / 4096) * 4096
      expect(inFile.subarray(end, block).every(byte => byte === 0)).toBe(true)
      expect(inFile.subarray(block).every(byte => byte === 0xee)).toBe(true)
    }
  })

  test('go on behind what was written in another way, and where another process has stopped', async () => {
    await direct.write(0, some(300, 1))
    await ordinary.write(some(5_000, 2), 0, 5_000, 300)
    await direct.write(5_300, some(10, 3))
    const next = new DirectWrites(path, ordinary)
    await next.write(5_310, some(4_000, 4))
    await next.close()
    const expected = Buffer.concat([some(300, 1), some(5_000, 2), some(10, 3), some(4_000, 4)])
    expect((await content()).subarray(0, expected.length).equals(expected)).toBe(true)
  })

  test('are taken by the disk piece by piece', async () => {
    disk.takesAtOnce = 4096
    expect(await direct.write(100, some(20_000, 5))).toBe(true)
    expect((await content()).subarray(100, 20_100).equals(some(20_000, 5))).toBe(true)
    disk.takesAtOnce = 0
    await expect(direct.write(20_100, some(20_000, 6))).rejects.toThrow('the disk takes nothing')
  })

  test('do not take the long way round: the file is open for them as the kernel shows it', async () => {
    await direct.write(0, some(10, 7))
    const { O_DIRECT, O_DSYNC } = constants
    const isOurs = (fd: string) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path
      } catch {
        return false // the one that the folder was read with
      }
    }
    const flags = readdirSync('/proc/self/fd')
      .filter(isOurs)
      .map(fd => Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8))
    expect(flags.filter(each => (each & (O_DIRECT | O_DSYNC)) === (O_DIRECT | O_DSYNC))).toHaveLength(1)
  })

  test('are given up where the first is refused for its form, and fail where a later one is', async () => {
    disk.refuses = 'EINVAL'
    expect(await direct.write(0, some(10, 8))).toBe(false)
    disk.refuses = undefined
    expect(await direct.write(0, some(10, 8))).toBe(false)
    expect((await content())[0]).toBe(0xee)

    const other = new DirectWrites(path, ordinary)
    expect(await other.write(0, some(10, 8))).toBe(true)
    disk.refuses = 'EINVAL'
    await expect(other.write(10, some(10, 9))).rejects.toThrow('EINVAL')
    await other.close()
  })

  test('fail with the disk', async () => {
    for (const code of ['EIO', 'ENOSPC']) {
      disk.refuses = code
      await expect(direct.write(0, some(10, 10))).rejects.toThrow(code)
    }
    disk.refuses = undefined
    expect(await direct.write(0, some(10, 10))).toBe(true) // room was made: the same bytes once more
    expect((await content()).subarray(0, 10).equals(some(10, 10))).toBe(true)
  })

  test('go to no other file that has the name meanwhile', async () => {
    await rename(path, `${path}-old`)
    await writeFile(path, 'of somebody else')
    expect(await direct.write(0, some(10, 11))).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('of somebody else')
  })

  test('are not for what is longer than their memory, nor for what lets the file grow', async () => {
    expect(await direct.write(0, some(600 * 1024, 12))).toBe(false)
    expect(await direct.write(fileBytes - 9, some(10, 13))).toBe(false)
    expect(await direct.write(fileBytes, some(10, 13))).toBe(false)
    expect((await content()).length).toBe(fileBytes)
    expect(await direct.write(fileBytes - 10, some(10, 13))).toBe(true)
  })

  test('end before their file is closed, which takes no more of them', async () => {
    const writing = direct.write(0, some(100_000, 17))
    await direct.close()
    expect(await Promise.race([writing, 'under way'])).toBe(true)
    expect(await direct.write(0, some(10, 18))).toBe(false)
  })
})

describe.runIf(isTaken)('a file', () => {
  test('keeps what was written to it in either way', async () => {
    const file = (await nodeFiles.open(path)) as OpenFile
    await file.writeDirectly?.(0, some(100, 14))
    await file.writeAt(90, some(10, 15))
    expect(await file.writeDirectly?.(100, some(50, 16))).toBe(true)
    await file.close()
    expect((await content()).subarray(0, 150).equals(Buffer.concat([some(90, 14), some(10, 15), some(50, 16)]))).toBe(true)
  })
})

describe('a segment that takes no direct writes', () => {
  test('is written and flushed', async () => {
    disk.refuses = 'EINVAL'
    const clock = { ...systemClock(), after: () => ({ cancel() {} }) } // no flush of the watermark comes between
    const store = new WalLogStore({ files: nodeFiles, folder: `${folder.dir}/node`, clock })
    await store.open()
    await store.initialize({ clusterId: 'c', nodeId: 'n1', incarnation: '1' })
    const hardState = { term: 1, vote: 'n1', commit: 0 }
    const save = (index: number) =>
      store.save({ hardState, entries: [{ term: 1, index, type: 'empty' }], resetTo: undefined, mustSync: true })
    await save(1)
    const before = disk.flushes
    await save(2)
    expect(disk.flushes).toBe(before + 1)
    disk.refuses = undefined
    await save(3)
    expect(disk.flushes).toBe(before + 2)
    await store.close()
  })
})

async function content(): Promise<Buffer> {
  const { size } = await ordinary.stat()
  const { buffer } = await ordinary.read(Buffer.alloc(size), 0, size, 0)
  return buffer
}
