import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ownRoot } from './built.ts'

const made = new Set<string>()
process.on('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/**
 * A folder for the data of what is measured, gone with this process at the latest. On the disk of this repository, since the system's
 * temporary folder is often memory, where a flush costs nothing; RAFT_BENCH_DATA names another place.
 */
export function makeDataFolder(): string {
  const folder = mkdtempSync(join(process.env.RAFT_BENCH_DATA ?? join(ownRoot, 'bench/results'), 'data-'))
  made.add(folder)
  return folder
}

export function removeDataFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  made.delete(folder)
}
