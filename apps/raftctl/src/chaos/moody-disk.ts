import type { Clock, Storage } from 'raft-node'
import {
  type Batches,
  FileSnapshotStore,
  type Files,
  LevelLogStore,
  levelBatches,
  logFolders,
  nodeFiles,
  type OpenFile,
  snapshotFolder,
} from 'raft-node/level'
import { WalLogStore } from 'raft-node/wal'
import { type DiskMood, healthyDisk } from './plan.ts'

/**
 * The machine's own disk with something in between that can be told to misbehave. The stores on it are those of production; they see the
 * errors that a system call would give.
 */
export class MoodyDisk {
  mood: DiskMood = healthyDisk

  storage({ dir, log, clock }: { readonly dir: string; readonly log: 'level' | 'wal'; readonly clock: Clock }): Storage {
    const files = this.#files()
    const logStore =
      log === 'wal'
        ? new WalLogStore({ files, folder: dir, clock })
        : new LevelLogStore({ files, batches: this.#batches(levelBatches(`${dir}/${logFolders.level}`)), folder: dir, clock })
    return { logStore, snapshotStore: new FileSnapshotStore({ files, folder: `${dir}/${snapshotFolder}` }) }
  }

  #files(): Files {
    return {
      ...nodeFiles,
      open: async path => {
        const file = await nodeFiles.open(path)
        return file && this.#file(file)
      },
      create: async path => this.#file(await nodeFiles.create(path)),
      syncFolder: folder => this.#flush(() => nodeFiles.syncFolder(folder)),
    }
  }

  #file(file: OpenFile): OpenFile {
    return {
      ...file,
      writeAt: async (offset, bytes) => {
        if (this.mood.full && offset + bytes.length > (await file.size())) throw noSpace()
        return file.writeAt(offset, bytes)
      },
      sync: () => this.#flush(() => file.sync()),
    }
  }

  /** LevelDB writes and flushes by itself, out of sight of `Files`. */
  #batches(batches: Batches): Batches {
    return {
      ...batches,
      write: async batch => {
        if (this.mood.full && batch.puts.length > 0) throw noSpace()
        return batch.sync ? this.#flush(() => batches.write(batch)) : batches.write(batch)
      },
    }
  }

  async #flush(flush: () => Promise<void>): Promise<void> {
    const { failing, syncDelayMs } = this.mood
    if (failing) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    if (syncDelayMs > 0) await new Promise(resolve => setTimeout(resolve, syncDelayMs))
    return flush()
  }
}

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
}
