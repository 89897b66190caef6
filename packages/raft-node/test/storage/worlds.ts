import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/clock/system-clock.ts'
import { openStorage } from '../../src/level/index.ts'
import type { Clock, LogStore, SnapshotStore } from '../../src/ports.ts'
import type { LogKind } from '../../src/storage/folder-layout.ts'

/**
 * A data folder on the real disk. A crash copies it as it is, without closing anything: the copy holds what the kernel holds after
 * `kill -9`, and goes on in the place of the original.
 */
export class RealFolder {
  readonly clock: Clock
  readonly log: LogKind
  readonly #root: string
  readonly #opened: LogStore[] = []
  #life = 0

  static async make({ clock = systemClock(), log = 'level' }: { clock?: Clock; log?: LogKind } = {}): Promise<RealFolder> {
    return new RealFolder(await mkdtemp(join(tmpdir(), 'raft-storage-')), clock, log)
  }

  constructor(root: string, clock: Clock, log: LogKind) {
    this.#root = root
    this.clock = clock
    this.log = log
  }

  get dir(): string {
    return join(this.#root, `life-${this.#life}`)
  }

  logStore(): LogStore {
    const { logStore } = openStorage({ dir: this.dir, log: this.log, clock: this.clock })
    this.#opened.push(logStore)
    return logStore
  }

  snapshotStore(onBadSnapshot?: (path: string) => void): SnapshotStore {
    return openStorage({ dir: this.dir, clock: this.clock, onBadSnapshot }).snapshotStore
  }

  async crash(): Promise<void> {
    const from = this.dir
    this.#life++
    await cp(from, this.dir, { recursive: true })
  }

  /** Back to how it was at the last crash. */
  async rewind(): Promise<void> {
    await rm(this.dir, { recursive: true })
    await cp(join(this.#root, `life-${this.#life - 1}`), this.dir, { recursive: true })
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#opened.map(store => store.close()))
    await rm(this.#root, { recursive: true, force: true })
  }
}
