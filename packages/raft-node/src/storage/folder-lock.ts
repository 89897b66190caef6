import { readdir, rm } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { RaftError } from '../errors.ts'
import type { Lock } from './files.ts'
import { hold } from './held-here.ts'

/**
 * Node has no lock that vanishes with its process, and LevelDB has one: an empty database, opened for its lock alone. The folder is there
 * already.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const letGo = hold(folder)
  if (letGo === undefined) throw inUse(folder)
  try {
    const level = await openForLock(folder)
    return { release: () => level.close().finally(letGo) }
  } catch (error) {
    letGo()
    throw error
  }
}

async function openForLock(folder: string): Promise<ClassicLevel> {
  const first = new ClassicLevel(folder, { writeBufferSize: 64 * 1024 })
  try {
    await first.open()
    return first
  } catch (error) {
    if (isLocked(error)) throw inUse(folder, error)
  }
  // It was not locked, so nobody is there, and it holds nothing: what else can be wrong with it is mended by starting anew.
  for (const name of await readdir(folder)) if (name !== 'LOCK') await rm(`${folder}/${name}`, { recursive: true })
  const second = new ClassicLevel(folder, { writeBufferSize: 64 * 1024 })
  try {
    await second.open()
    return second
  } catch (error) {
    throw isLocked(error) ? inUse(folder, error) : error
  }
}

function isLocked(error: unknown): boolean {
  return (error as { cause?: { code?: unknown } }).cause?.code === 'LEVEL_LOCKED'
}

export function inUse(folder: string, cause?: unknown): RaftError {
  const message = `${folder} is in use: a node already runs on it. Stop that one, or name another folder.`
  return new RaftError('FOLDER_IN_USE', message, { cause })
}
