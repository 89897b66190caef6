import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

const mib = 1024 * 1024

/** A disk of its own in memory (tmpfs), with somebody else's file on it. */
export class SmallDisk {
  readonly dir: string

  constructor(dir: string, megabytes: number) {
    this.dir = dir
    mkdirSync(dir, { recursive: true })
    run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'raft-proof', dir)
    if (mounted.size === 0) process.prependOnceListener('exit', unmountAll) // before its folder is deleted
    mounted.add(this)
  }

  /** Whether this machine lets us have one. */
  static isPossible(folder: string): boolean {
    try {
      new SmallDisk(join(folder, 'try'), 1).unmount()
      return true
    } catch {
      return false
    }
  }

  /** Takes all that is left, to the last byte, but for what the node here had kept in reserve and has given up for itself by now. */
  async fillUp(reserve: { readonly path: string; readonly bytes: number }): Promise<void> {
    const file = await open(this.#ballast, 'a')
    try {
      for (const step of [mib, 4096]) while (written(file.fd, step)) {}
      if (!existsSync(reserve.path)) await file.truncate((await file.stat()).size - reserve.bytes)
    } finally {
      await file.close()
    }
  }

  makeRoom(megabytes: number): void {
    rmSync(this.#ballast, { force: true })
    run('mount', '-o', `remount,size=${megabytes}m`, this.dir)
  }

  get #ballast(): string {
    return join(this.dir, 'ballast')
  }

  unmount(): void {
    spawnSync('umount', ['-l', this.dir])
    mounted.delete(this)
  }
}

const mounted = new Set<SmallDisk>()

function unmountAll(): void {
  for (const disk of mounted) disk.unmount()
}

function written(fd: number, bytes: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(bytes, 1)) > 0
  } catch {
    return false
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
}
