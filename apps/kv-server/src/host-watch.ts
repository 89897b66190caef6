import { readFileSync } from 'node:fs'
import { open, readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskStatus, ServerStatus } from 'kv-client'

const everyMs = 10_000
/** Of the last minute. */
const syncsKept = 6
/** Hidden: a node does not take it for a sign of a foreign folder. */
const probeName = '.disk-probe'
const probe = Buffer.alloc(4096)

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/**
 * Looks at the machine now and then, so that whoever asks how a node is never waits for a disk: how full it is, and how long a small
 * flush takes, which every write waits for.
 */
export class HostWatch {
  #timer: NodeJS.Timeout | undefined
  readonly #syncs: number[] = []
  #disk: Omit<DiskStatus, 'syncMs' | 'syncMsMax'> | undefined
  #isLooking = false

  /** From now on, once the folder is there. */
  begin(dir: string): void {
    this.#timer = setInterval(() => void this.look(dir), everyMs)
    this.#timer.unref()
    void this.look(dir)
  }

  get server(): ServerStatus {
    return { version, nodeVersion: process.version, uptimeMs: Math.round(process.uptime() * 1000), now: Date.now() }
  }

  /** Undefined before the first look has ended, and where the folder cannot be looked at. */
  get disk(): DiskStatus | undefined {
    const sorted = [...this.#syncs].sort((a, b) => a - b)
    const [syncMs, syncMsMax] = [sorted[sorted.length >> 1], sorted.at(-1)]
    if (this.#disk === undefined || syncMs === undefined || syncMsMax === undefined) return undefined
    return { ...this.#disk, syncMs, syncMsMax }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** A disk that hangs is not asked a second time meanwhile. */
  async look(dir: string): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const { bavail, blocks, bsize } = await statfs(dir)
      const dataBytes = await bytesIn(dir)
      this.#syncs.push(await flushMs(join(dir, probeName)))
      if (this.#syncs.length > syncsKept) this.#syncs.shift()
      this.#disk = { dataBytes, freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
    } catch {
      // full, or gone: the node itself finds out, and says so
    } finally {
      this.#isLooking = false
    }
  }
}

async function bytesIn(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  // Files come and go while one looks.
  const sizes = await Promise.all(
    files.map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function flushMs(path: string): Promise<number> {
  const file = await open(path, 'w')
  try {
    await file.write(probe, 0, probe.length, 0)
    const begin = performance.now()
    await file.datasync()
    return Math.round((performance.now() - begin) * 100) / 100
  } finally {
    await file.close()
  }
}
