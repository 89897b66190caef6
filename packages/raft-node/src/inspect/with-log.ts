import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { RaftError } from '../errors.ts'
import type { Files, Lock } from '../storage/files.ts'
import { type LogKind, logFolders } from '../storage/folder-layout.ts'
import { lockFolder } from '../storage/folder-lock.ts'
import { hold } from '../storage/held-here.ts'
import { levelBatches } from '../storage/level-batches.ts'
import { LevelMedium } from '../storage/level-log-store.ts'
import type { LogMedium } from '../storage/log-medium.ts'
import { nodeFiles } from '../storage/node-files.ts'
import { WalMedium } from '../storage/wal-log-store.ts'
import { lockName } from '../storage/wal-segments.ts'

type Place = { readonly dir: string; readonly kind: LogKind; readonly files: Files }

/**
 * The log of a folder, to be read and nothing else. LevelDB writes whenever it is opened, so it gets a copy of its folder. Nobody else
 * can take the folder meanwhile.
 */
export async function withLog<T>({ dir, kind, files }: Place, read: (medium: LogMedium) => Promise<T>): Promise<T> {
  const folder = resolve(dir, logFolders[kind])
  const temporary = await mkdtemp(join(tmpdir(), 'raft-inspect-'))
  let lock: Lock | undefined
  try {
    lock = await lockFrom(kind === 'wal' ? join(folder, lockName) : folder, join(temporary, 'lock'), dir)
    const medium =
      kind === 'wal' ? new WalMedium({ ...files, lock: async () => noLock }, folder) : await levelCopy(folder, join(temporary, 'log'))
    try {
      return await read(medium)
    } finally {
      await medium.close()
    }
  } finally {
    await lock?.release()
    await rm(temporary, { recursive: true })
  }
}

/** The lock is on one file, which LevelDB opens and never writes: a link to it, elsewhere, takes it without changing the folder. */
async function lockFrom(folder: string, elsewhere: string, dir: string): Promise<Lock> {
  const letGo = hold(folder)
  if (letGo === undefined) throw inUse(dir, undefined)
  try {
    const lock = (await nodeFiles.list(folder)).includes('LOCK') ? await lockThrough(join(folder, 'LOCK'), elsewhere) : noLock
    return { release: () => lock.release().finally(letGo) }
  } catch (cause) {
    letGo()
    throw cause instanceof RaftError && cause.code === 'FOLDER_IN_USE' ? inUse(dir, cause) : cause
  }
}

async function lockThrough(file: string, elsewhere: string): Promise<Lock> {
  await mkdir(elsewhere)
  await symlink(file, join(elsewhere, 'LOCK'))
  return lockFolder(elsewhere)
}

const noLock: Lock = { release: async () => {} }

function inUse(dir: string, cause: unknown): RaftError {
  const message = `${dir} is in use: a node runs on it. Stop that one first, or inspect a copy of the folder.`
  return new RaftError('FOLDER_IN_USE', message, { cause })
}

async function levelCopy(folder: string, copy: string): Promise<LogMedium> {
  await mkdir(copy)
  for (const name of await nodeFiles.list(folder)) {
    if (name === 'LOCK') continue
    // Tables are only ever read and removed: a link is enough, and they are most of the bytes.
    if (/\.(ldb|sst)$/.test(name)) await symlink(join(folder, name), join(copy, name))
    else await copyFile(join(folder, name), join(copy, name))
  }
  return new LevelMedium(levelBatches(copy))
}
