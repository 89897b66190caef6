import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The transcripts under these files and folders, sorted within each folder, and the paths that do not exist. */
export function findTranscripts(paths: readonly string[]): { files: string[]; missing: string[] } {
  const files: string[] = []
  const missing: string[] = []
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) missing.push(path)
    else if (found.isDirectory()) files.push(...transcriptsIn(path))
    else files.push(path)
  }
  return { files, missing }
}

function transcriptsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.txt'))
    .sort()
    .map(name => join(folder, name))
}
