import { readFileSync, rmSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Which process runs on a data folder, and where it answers: what `node stop-gracefully` needs to know. */
export type RunningNode = { readonly pid: number; readonly http: string; readonly secure: boolean }

/** A hidden name, which a node does not take for a sign of a foreign folder. */
const fileOf = (dir: string): string => join(dir, '.raftctl-node.json')

/** Leaves word until this process ends. That it cannot be left is no reason not to run. */
export async function leaveWord(dir: string, running: RunningNode): Promise<void> {
  const file = fileOf(dir)
  try {
    await writeFile(`${file}.new`, `${JSON.stringify(running)}\n`)
    await rename(`${file}.new`, file)
    process.once('exit', () => takeBack(file, running.pid))
  } catch {
    // a disk that is full, say: the node knows how to live with that
  }
}

/** Undefined where nobody has left word, or not as this program does. */
export async function readWord(dir: string): Promise<RunningNode | undefined> {
  try {
    const { pid, http, secure } = JSON.parse(await readFile(fileOf(dir), 'utf8'))
    return Number.isSafeInteger(pid) && pid > 0 && typeof http === 'string' ? { pid, http, secure: secure === true } : undefined
  } catch {
    return undefined
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Another process may have taken the folder over meanwhile. */
function takeBack(file: string, pid: number): void {
  try {
    if (JSON.parse(readFileSync(file, 'utf8')).pid === pid) rmSync(file)
  } catch {
    // it is gone already
  }
}
