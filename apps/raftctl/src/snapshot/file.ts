import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SnapshotSummary } from 'kv-server/snapshot'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'
import type { Progress } from '../progress/progress.ts'
import type { SnapshotReport } from './view.ts'

/** Loaded when asked for: the store is behind it. */
async function check(data: AsyncIterable<Uint8Array>): Promise<SnapshotSummary> {
  const { checkSnapshot } = await import('kv-server/snapshot')
  return checkSnapshot(data)
}

export async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file)
    if (found.isFile()) return found.size
  } catch (error) {
    throw new Failure(`${file} cannot be read (${codeOf(error)}); name a file of "snapshot save"`, exitCodes.usage)
  }
  throw new Failure(`${file} is not a file; name one of "snapshot save"`, exitCodes.usage)
}

/** Reads all of it. @throws Failure, RaftError CORRUPT */
export async function inspectFile(file: string, progress: Progress): Promise<SnapshotReport> {
  try {
    return { file, ...(await check(passing(createReadStream(file), bytes => progress.add(bytes.length)))) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'CORRUPT') throw new Failure(`${file}: ${error.message}`)
    throw error
  }
}

/**
 * Writes a snapshot as it comes, checks it, and gives it its name once it is whole and on disk: under that name there is never half a
 * backup.
 */
export async function saveFile(data: AsyncIterable<Uint8Array>, file: string, progress: Progress): Promise<SnapshotReport> {
  const part = `${file}.part`
  const handle = await openNew(part)
  try {
    const summary = await check(writing(data, handle, progress))
    await handle.sync()
    await handle.close()
    await rename(part, file)
    await syncFolder(dirname(file))
    return { file, ...summary }
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(part, { force: true })
    throw error
  }
}

async function openNew(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'w', 0o600)
  } catch (error) {
    throw new Failure(`${file} cannot be written (${codeOf(error)}); name a file in a folder that you may write to`)
  }
}

async function* writing(
  data: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  progress: Progress,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of data) {
    await handle.writeFile(chunk)
    progress.add(chunk.length)
    yield chunk
  }
}

/** The same chunks; `see` gets each as it passes. */
export async function* passing(
  data: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of data) {
    see(chunk)
    yield chunk
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? error)
