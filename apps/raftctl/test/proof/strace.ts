import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { logFolders } from 'raft-node/level'
import { segmentName, segmentNumber, takesDirectWrites } from 'raft-node/wal'

export const hasStrace = spawnSync('strace', ['-V']).status === 0

/** More than a proof fills. */
const segmentsAhead = 4

/** A command to put in front of a node with this folder: the system calls that flush its log do `what` (strace's `inject`). */
export async function onFlushes(dir: string, what: string, options: readonly string[] = []): Promise<readonly string[]> {
  const segments = await directSegments(dir)
  const calls = segments.length > 0 ? 'fdatasync,pwrite64' : 'fdatasync,fsync'
  const only = segments.flatMap(path => ['-P', path])
  return ['strace', '-f', '-qq', '-o', recordOf(dir), ...options, '-e', `trace=openat,${calls}`, '-e', `inject=${calls}:${what}`, ...only]
}

/** Not every write to a segment is on disk when it ends. Where writes were delayed, these were: the segments were opened so. */
export async function assertDirect(dir: string): Promise<void> {
  if ((await directSegments(dir)).length === 0) return
  const opened = [...readFileSync(recordOf(dir), 'utf8').matchAll(/openat\(AT_FDCWD, "[^"]*\.wal", (\S+)\)/g)].map(
    ([, flags]) => flags ?? '',
  )
  const isDirect = opened.some(flags => flags.includes('O_DSYNC') && flags.includes('O_DIRECT'))
  assert(isDirect, `no segment in ${dir} was opened for direct writes, only with ${opened.join(', ')}`)
}

function recordOf(dir: string): string {
  return `${dir}.strace`
}

/** Those of a write-ahead log that are there or will be, where direct writes flush them. LevelDB's files have names that nobody knows before. */
async function directSegments(dir: string): Promise<readonly string[]> {
  const folder = join(realpathSync(dir), logFolders.wal)
  if (!existsSync(folder) || !(await takesDirectWrites(folder))) return []
  const numbers = readdirSync(folder).map(name => segmentNumber(name) ?? 0)
  return Array.from({ length: Math.max(...numbers) + segmentsAhead }, (_, at) => join(folder, segmentName(at + 1)))
}
