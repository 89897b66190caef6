import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * Folders that this process has locked, or is about to. The system's lock is of a process: it would give the same one out again, and take
 * both back when either is released. LevelDB has a list of its own, but opens and closes the file of the lock to look, and that takes the
 * lock away, too. So this is asked first, in the same step in which it is taken.
 */
const held = new Set<string>()

/** By whatever name the folder is called. Returns how to let go of it; undefined: it is held already. */
export function hold(folder: string): (() => void) | undefined {
  const path = realPath(folder)
  if (held.has(path)) return undefined
  held.add(path)
  let isHeld = true
  return () => {
    if (isHeld) held.delete(path) // once: somebody else may hold it by now
    isHeld = false
  }
}

/** As far as it is there yet. */
function realPath(folder: string): string {
  const path = resolve(folder)
  try {
    return realpathSync.native(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}
