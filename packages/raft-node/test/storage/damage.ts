import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type LogKind, logFolders } from '../../src/storage/folder-layout.ts'

export async function flipBit(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+')
  const byte = new Uint8Array(1)
  await file.read(byte, 0, 1, offset)
  byte[0] = (byte[0] as number) ^ (1 << (offset % 8))
  await file.write(byte, 0, 1, offset)
  await file.close()
}

export async function samples(path: string, count: number, upTo?: number): Promise<number[]> {
  const size = upTo ?? (await stat(path)).size
  const step = Math.max(1, size / count)
  return Array.from({ length: Math.min(size, count) }, (_, i) => Math.floor(i * step))
}

export async function logFile(dir: string, log: LogKind, pattern: RegExp): Promise<string[]> {
  return (await readdir(`${dir}/${logFolders[log]}`)).filter(name => pattern.test(name)).map(name => `${logFolders[log]}/${name}`)
}

/** The file that batches are written to, and how many bytes of it were written: the rest is filled with zeros. */
export async function written(dir: string, log: LogKind): Promise<{ readonly name: string; readonly bytes: number }> {
  const name = await largest(dir, await logFile(dir, log, log === 'wal' ? /\.wal$/ : /\.log$/))
  const bytes = await readFile(join(dir, name))
  return { name, bytes: bytes.length - [...bytes].reverse().findIndex(byte => byte !== 0) }
}

async function largest(dir: string, names: readonly string[]): Promise<string> {
  const sizes = await Promise.all(names.map(async name => ({ name, size: (await stat(join(dir, name))).size })))
  return sizes.sort((a, b) => b.size - a.size)[0]?.name ?? ''
}
