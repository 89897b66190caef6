import type { Files, OpenFile } from '../storage/files.ts'
import { bytes, type ContractTools, refusal } from './tools.ts'

export type FilesWorld = {
  readonly files: Files
  /** A folder that exists and is empty. */
  readonly folder: string
  /** The same disk, as another process sees it. */
  another(): Promise<Files>
  /** Where a disk can do it: loses everything that was not synced. Open files are of no use afterwards. */
  readonly powerCut?: (() => Promise<void>) | undefined
  dispose(): Promise<void>
}

/** What every `Files` keeps to. `make` builds a world of its own for each rule. */
export function filesContract({ describe, test, expect }: ContractTools, make: () => Promise<FilesWorld>): void {
  const rule = (name: string, body: (world: FilesWorld) => Promise<void>) =>
    test(name, async () => {
      const world = await make()
      try {
        await body(world)
      } finally {
        await world.dispose()
      }
    })

  describe('files', () => {
    rule('hold what was written, where it was written', async ({ files, folder }) => {
      const file = await files.create(`${folder}/a`)
      await file.writeAt(0, bytes('hello world'))
      await file.writeAt(6, bytes('there'))
      expect(await text(file)).toBe('hello there')
      await file.close()
      expect(await content(files, `${folder}/a`)).toBe('hello there')
    })

    rule('take the bytes over', async ({ files, folder }) => {
      const file = await files.create(`${folder}/a`)
      const mine = bytes('abc')
      await file.writeAt(0, mine)
      mine.fill(0)
      const read = await file.readAt(0, 3)
      read.fill(0)
      expect(await text(file)).toBe('abc')
      await file.close()
    })

    rule('are read into the memory that is given', async ({ files, folder }) => {
      const file = await files.create(`${folder}/a`)
      await file.writeAt(0, bytes('abcdef'))
      const memory = bytes('......')
      const read = await file.readAt(2, 3, memory)
      expect([read.buffer, read.length]).toEqual([memory.buffer, 3])
      expect(memory).toEqual(bytes('cde...'))
      expect((await file.readAt(5, 3, memory)).length).toBe(1)
      await file.close()
    })

    rule('end where they end', async ({ files, folder }) => {
      const file = await files.create(`${folder}/a`)
      expect(await file.size()).toBe(0)
      await file.writeAt(3, bytes('x'))
      expect(await file.size()).toBe(4)
      expect([...(await file.readAt(0, 100))]).toEqual([0, 0, 0, 120])
      expect((await file.readAt(4, 1)).length).toBe(0)
      expect((await file.readAt(9, 1)).length).toBe(0)
      await file.truncate(2)
      expect(await file.size()).toBe(2)
      await file.close()
    })

    rule('are not there until made, and kept when made again', async ({ files, folder }) => {
      expect(await files.open(`${folder}/a`)).toBe(undefined)
      await write(files, `${folder}/a`, 'kept')
      await (await files.create(`${folder}/a`)).close()
      expect(await content(files, `${folder}/a`)).toBe('kept')
    })

    rule('replace others when renamed', async ({ files, folder }) => {
      await write(files, `${folder}/a`, 'new')
      await write(files, `${folder}/b`, 'old')
      await files.rename(`${folder}/a`, `${folder}/b`)
      expect(await files.list(folder)).toEqual(['b'])
      expect(await content(files, `${folder}/b`)).toBe('new')
    })

    rule('stay readable while open, renamed over or removed', async ({ files, folder }) => {
      await write(files, `${folder}/a`, 'first')
      const first = (await files.open(`${folder}/a`)) as OpenFile
      await write(files, `${folder}/b`, 'second')
      await files.rename(`${folder}/b`, `${folder}/a`)
      const second = (await files.open(`${folder}/a`)) as OpenFile
      await files.remove(`${folder}/a`)
      expect([await text(first), await text(second)]).toEqual(['first', 'second'])
      await first.close()
      await second.close()
    })

    rule('can be removed, there or not', async ({ files, folder }) => {
      await write(files, `${folder}/a`, 'x')
      await files.remove(`${folder}/a`)
      await files.remove(`${folder}/a`)
      expect(await files.open(`${folder}/a`)).toBe(undefined)
    })

    rule('are listed in order, folders too', async ({ files, folder }) => {
      await write(files, `${folder}/b`, '')
      await files.makeFolder(`${folder}/c/d`)
      await files.makeFolder(`${folder}/c/d`)
      await write(files, `${folder}/a`, '')
      expect(await files.list(folder)).toEqual(['a', 'b', 'c'])
      expect(await files.list(`${folder}/c`)).toEqual(['d'])
      expect(await files.list(`${folder}/nowhere`)).toEqual([])
    })

    rule('are locked for one at a time', async ({ files, folder, another }) => {
      const lock = await files.lock(`${folder}/lock`)
      expect(await refusal((await another()).lock(`${folder}/lock`))).toBe('FOLDER_IN_USE')
      await lock.release()
      const again = await (await another()).lock(`${folder}/lock`)
      await again.release()
    })

    rule('survive a power cut once they and their folder are synced', async ({ files, folder, powerCut }) => {
      await files.makeFolder(`${folder}/sub`)
      const file = await files.create(`${folder}/sub/a.tmp`)
      await file.writeAt(0, bytes('durable'))
      await file.sync()
      await file.close()
      await files.rename(`${folder}/sub/a.tmp`, `${folder}/sub/a`)
      await files.syncFolder(`${folder}/sub`)
      await powerCut?.()
      expect(await files.list(`${folder}/sub`)).toEqual(['a'])
      expect(await content(files, `${folder}/sub/a`)).toBe('durable')
    })
  })
}

async function write(files: Files, path: string, what: string): Promise<void> {
  const file = await files.create(path)
  await file.writeAt(0, bytes(what))
  await file.close()
}

async function content(files: Files, path: string): Promise<string | undefined> {
  const file = await files.open(path)
  if (file === undefined) return undefined
  try {
    return await text(file)
  } finally {
    await file.close()
  }
}

async function text(file: OpenFile): Promise<string> {
  return new TextDecoder().decode(await file.readAt(0, await file.size()))
}
