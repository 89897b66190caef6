import { resolve } from 'node:path'

/**
 * Folders that this process has locked. The system's lock is of a process: it would give the same one out again, and take both back when
 * either is released.
 */
const held = new Set<string>()

export function hold(folder: string): () => void {
  const path = resolve(folder)
  held.add(path)
  return () => void held.delete(path)
}

export function isHeldHere(folder: string): boolean {
  return held.has(resolve(folder))
}
