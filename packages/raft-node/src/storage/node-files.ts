import { constants, fdatasync, writeSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Files, OpenFile } from './files.ts'
import { lockFolder } from './folder-lock.ts'

const ownerOnlyFile = 0o600
const ownerOnlyFolder = 0o700
/** Bytes. More than this (a snapshot's chunk) would hold up the event loop. */
const writtenAtOnce = 128 * 1024

/** The machine's own disk. */
export const nodeFiles: Files = {
  async open(path) {
    const handle = await absent(open(path, 'r+'))
    return handle && openFile(handle)
  },
  async create(path) {
    return openFile(await open(path, constants.O_RDWR | constants.O_CREAT, ownerOnlyFile))
  },
  rename,
  remove: path => rm(path, { force: true }),
  async list(folder) {
    const names = await absent(readdir(folder))
    return names?.sort() ?? []
  },
  makeFolder,
  syncFolder,
  async freeBytes(folder) {
    const { blocks, bavail, bsize } = await statfs(folder)
    return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize
  },
  async lock(folder) {
    await makeFolder(folder)
    return lockFolder(folder)
  },
}

/** As it is; whatever would change it fails. */
export async function openForReading(path: string): Promise<OpenFile | undefined> {
  const handle = await absent(open(path, 'r'))
  return handle && openFile(handle)
}

/** One level at a time: `mkdir`'s own recursion never ends where a folder is there and takes none inside (`/proc`). */
async function makeFolder(folder: string): Promise<void> {
  if ((await absent(stat(folder)))?.isDirectory()) return
  const parent = dirname(folder)
  if (parent !== folder) await makeFolder(parent)
  await mkdir(folder, { mode: ownerOnlyFolder }).catch(async error => {
    // Made by somebody else in the meantime: as good as made here.
    if (error.code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error
  })
  await syncFolder(parent)
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there, and NTFS journals names by itself
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function openFile(handle: FileHandle): OpenFile {
  return {
    async readAt(offset, length, memory = new Uint8Array(length)) {
      const bytes = memory.subarray(0, length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return bytes.subarray(0, filled)
    },
    async writeAt(offset, bytes) {
      if (bytes.length <= writtenAtOnce) return writeNow(handle.fd, offset, bytes)
      let written = 0
      while (written < bytes.length) {
        written += (await handle.write(bytes, written, bytes.length - written, offset + written)).bytesWritten
      }
    },
    size: async () => (await handle.stat()).size,
    truncate: size => handle.truncate(size),
    // A callback is one wake-up of the event loop less than the handle's own promise.
    sync: () => new Promise((resolve, reject) => fdatasync(handle.fd, error => (error === null ? resolve() : reject(error)))),
    close: () => handle.close(),
  }
}

/** Into the kernel's memory: quicker than handing it to another thread and hearing back. */
function writeNow(fd: number, offset: number, bytes: Uint8Array): void {
  let written = 0
  while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, offset + written)
}

async function absent<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
