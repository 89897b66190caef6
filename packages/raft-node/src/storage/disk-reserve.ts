import { isDiskFull } from './disk-full.ts'
import type { Files, OpenFile } from './files.ts'
import { refuseForeignFolder, reserveName } from './folder-layout.ts'
import { OneByOne } from './one-by-one.ts'

const stepBytes = 1024 * 1024

/** What can still be written in the data folder, in bytes. */
export type DiskRoom = {
  /** What the file system has left. */
  readonly free: number
  /** What giving up the reserve would add to it. */
  readonly held: number
}

/**
 * A file that holds nothing but its place. It is given up when the disk is full, so that a node can still write what it must: its vote,
 * the end of its log, a log that gets shorter.
 */
export class DiskReserve {
  readonly folder: string
  /** How large it is when it is whole. */
  readonly bytes: number
  /** What the log store writes at once when it likes, beside what it is given: so much must be free without the reserve. */
  readonly burstBytes: number
  readonly #files: Files
  readonly #path: string
  readonly #steps = new OneByOne()

  /** `bytes` 0: there is none, and nobody asks for room. */
  constructor({ files, folder, bytes, burstBytes = 0 }: { files: Files; folder: string; bytes: number; burstBytes?: number }) {
    this.#files = files
    this.folder = folder
    this.bytes = bytes
    this.burstBytes = bytes === 0 ? 0 : burstBytes
    this.#path = `${folder}/${reserveName}`
  }

  /** What is to stay writable while anything can wait. */
  get needed(): number {
    return this.bytes + this.burstBytes
  }
  /** A node takes no more entries before it has to touch this. */
  get untouchable(): number {
    return this.bytes / 2 + this.burstBytes
  }

  /** Asks the disk each time: others write there, and an operator may have deleted the file to have its place. */
  async look(): Promise<DiskRoom> {
    const held = await this.#held()
    return { free: await this.#files.freeBytes(this.folder), held }
  }

  async #held(): Promise<number> {
    const file = await this.#files.open(this.#path)
    if (file === undefined) return 0
    try {
      return await file.size()
    } finally {
      await file.close()
    }
  }

  /** Makes it as large as it should be. Rejects where there is no room for it; what there was of it is given up then. */
  fill(): Promise<void> {
    return this.#steps.run(async () => {
      if (this.bytes === 0) return
      const file = await this.#files.create(this.#path)
      try {
        for (let at = await file.size(); at < this.bytes; at += stepBytes) await fillStep(file, at, Math.min(stepBytes, this.bytes - at))
      } catch (error) {
        await this.#files.remove(this.#path)
        throw error
      } finally {
        await file.close()
      }
    })
  }

  /** Before a log is opened, which LevelDB writes anew: given up if less than it is left. */
  async makeRoomToOpen(): Promise<void> {
    try {
      await refuseForeignFolder(this.#files, this.folder)
    } catch {
      return // a file of that name may be anybody's; opening says what is wrong
    }
    const { free } = await this.look().catch(() => ({ free: Number.POSITIVE_INFINITY })) // a new folder, or one that opening says more of
    if (free < this.bytes + this.burstBytes) await this.giveUp()
  }

  /** Resolves with whether there was anything to give up. */
  giveUp(): Promise<boolean> {
    return this.#steps.run(async () => {
      const held = await this.#held()
      if (held > 0) await this.#files.remove(this.#path)
      return held > 0
    })
  }

  /**
   * The same files, for what a node cannot do without: a write that finds no place is done once more without the reserve. What a failed
   * write has left in a file is known, unlike after a failed flush: the same bytes go to the same place.
   */
  backing(files: Files): Files {
    const spending = <T>(step: () => Promise<T>): Promise<T> =>
      step().catch(async error => {
        if (!isDiskFull(error) || !(await this.giveUp())) throw error
        return step()
      })
    const backed = (file: OpenFile): OpenFile => ({ ...file, writeAt: (offset, bytes) => spending(() => file.writeAt(offset, bytes)) })
    return {
      ...files,
      async open(path) {
        const file = await files.open(path)
        return file && backed(file)
      },
      create: async path => backed(await spending(() => files.create(path))),
      rename: (from, to) => spending(() => files.rename(from, to)),
      makeFolder: folder => spending(() => files.makeFolder(folder)),
    }
  }
}

async function fillStep(file: OpenFile, at: number, bytes: number): Promise<void> {
  await file.writeAt(at, incompressible(bytes, at + 1))
}

/** Zeros would take no place on file systems that compress, or that leave them out. */
function incompressible(bytes: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(bytes / 4))
  let state = seed
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return new Uint8Array(words.buffer, 0, bytes)
}
