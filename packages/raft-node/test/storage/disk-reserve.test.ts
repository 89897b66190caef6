import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock/system-clock.ts'
import { DiskReserve } from '../../src/storage/disk-reserve.ts'
import type { Files, OpenFile } from '../../src/storage/files.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'
import { WalLogStore } from '../../src/storage/wal-log-store.ts'
import { RealFolder } from './worlds.ts'

const kib = 1024
const identity = { clusterId: 'c'.repeat(32), nodeId: 'n1', incarnation: '1'.repeat(32) }

let folder: RealFolder
beforeEach(async () => {
  folder = await RealFolder.make()
  await nodeFiles.makeFolder(folder.dir)
})
afterEach(() => folder.dispose())

/** This machine's files on a disk of so many bytes. */
class SmallDisk {
  room: number
  readonly files: Files

  constructor(room: number) {
    this.room = room
    this.files = {
      ...nodeFiles,
      open: async path => {
        const file = await nodeFiles.open(path)
        return file && this.#file(file)
      },
      create: async path => this.#file(await nodeFiles.create(path)),
      remove: async path => {
        this.room += await sizeOf(path)
        await nodeFiles.remove(path)
      },
      freeBytes: async () => this.room,
    }
  }

  #file(file: OpenFile): OpenFile {
    return {
      ...file,
      writeAt: async (offset, bytes) => {
        const growth = Math.max(0, offset + bytes.length - (await file.size()))
        if (growth > this.room) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
        this.room -= growth
        await file.writeAt(offset, bytes)
      },
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  const file = await nodeFiles.open(path)
  const size = await file?.size()
  await file?.close()
  return size ?? 0
}

describe('the reserve', () => {
  test('takes its place, gives it back, and is made whole again', async () => {
    const disk = new SmallDisk(10_000)
    const reserve = new DiskReserve({ files: disk.files, folder: folder.dir, bytes: 4_000 })
    await reserve.fill()
    expect(await reserve.look()).toEqual({ free: 6_000, held: 4_000 })
    expect(await reserve.giveUp()).toBe(true)
    expect(await reserve.giveUp()).toBe(false)
    expect(await reserve.look()).toEqual({ free: 10_000, held: 0 })
    await reserve.fill()
    await reserve.fill()
    expect(await reserve.look()).toEqual({ free: 6_000, held: 4_000 })
  })

  test('leaves nothing behind where there is no room for it', async () => {
    const disk = new SmallDisk(1_000)
    const reserve = new DiskReserve({ files: disk.files, folder: folder.dir, bytes: 4_000 })
    await expect(reserve.fill()).rejects.toThrow('ENOSPC')
    expect(await reserve.look()).toEqual({ free: 1_000, held: 0 })
  })

  test('is given up before a log is opened, if less than it is left', async () => {
    const disk = new SmallDisk(10_000)
    const reserve = new DiskReserve({ files: disk.files, folder: folder.dir, bytes: 4_000 })
    await reserve.fill()
    await reserve.makeRoomToOpen()
    expect((await reserve.look()).held).toBe(4_000)
    disk.room = 100
    await reserve.makeRoomToOpen()
    expect(await reserve.look()).toEqual({ free: 4_100, held: 0 })
  })

  test('is not given up in a folder that is not a node’s, where that file is somebody else’s', async () => {
    const disk = new SmallDisk(10_000)
    const reserve = new DiskReserve({ files: disk.files, folder: folder.dir, bytes: 4_000 })
    await reserve.fill()
    const thesis = await nodeFiles.create(`${folder.dir}/thesis.doc`)
    await thesis.close()
    disk.room = 100
    await reserve.makeRoomToOpen()
    expect((await reserve.look()).held).toBe(4_000)
  })

  test('takes real blocks, which zeros or a hole might not', async () => {
    const reserve = new DiskReserve({ files: nodeFiles, folder: folder.dir, bytes: 100 * kib })
    await reserve.fill()
    const file = await nodeFiles.open(`${folder.dir}/reserve`)
    const bytes = await file?.readAt(0, 100 * kib)
    await file?.close()
    expect(new Set(bytes).size).toBe(256)
  })
})

describe('a write-ahead log on a full disk', () => {
  const save = (store: WalLogStore, index: number) =>
    store.save({
      hardState: { term: 1, vote: 'n1', commit: 0 },
      entries: [{ term: 1, index, type: 'command', data: new Uint8Array(1_000) }],
      resetTo: undefined,
      mustSync: true,
    })

  test('says so where not even its lock finds a place', async () => {
    const lock = async () => {
      throw new Error('Database failed to open', { cause: new Error('IO error: 000005.log: No space left on device') })
    }
    const store = new WalLogStore({ files: { ...nodeFiles, lock }, folder: folder.dir, clock: systemClock() })
    await expect(store.open()).rejects.toMatchObject({
      code: 'FOLDER_UNUSABLE',
      message: `${folder.dir} cannot be used: Database failed to open. Its disk is full: make room there.`,
    })
  })

  test('goes on in the place of the reserve, and is whole afterwards', async () => {
    const disk = new SmallDisk(100 * kib)
    const reserve = new DiskReserve({ files: disk.files, folder: folder.dir, bytes: 20 * kib })
    const open = async () => {
      const parts = { files: reserve.backing(disk.files), folder: folder.dir, clock: systemClock() }
      const store = new WalLogStore({ ...parts, segmentBytes: { first: 4 * kib, most: 8 * kib } })
      return { store, found: await store.open() }
    }
    const { store } = await open()
    await store.initialize(identity)
    await reserve.fill()
    let index = 0
    while ((await reserve.look()).held > 0) await save(store, ++index)
    const atReserve = index
    await save(store, ++index)
    // Until nothing is left at all: that is final, and loses nothing.
    await expect(
      (async () => {
        for (;;) {
          await save(store, index + 1)
          index += 1
        }
      })(),
    ).rejects.toMatchObject({ code: 'STORAGE_FAILED', outcome: 'unknown' })
    expect(index).toBeGreaterThan(atReserve + 5)
    await store.close()

    const { store: again, found } = await open()
    expect(found.damage).toBe(undefined)
    expect(found.state.entries.length).toBeGreaterThanOrEqual(index)
    disk.room = 100 * kib
    await save(again, found.state.entries.length + 1)
    await again.close()
  })
})
