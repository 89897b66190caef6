import { ClassicLevel } from 'classic-level'
import { RaftError } from '../errors.ts'
import type { Batches } from './batches.ts'
import { inUse } from './folder-lock.ts'
import { hold } from './held-here.ts'
import { damagedTable } from './level-tables.ts'
import { nodeFiles } from './node-files.ts'

const mib = 1024 * 1024
const pageKeys = 1000

// Entries are written once, read once and dropped: a wide write buffer keeps most of them from ever being sorted into tables.
// No compression: a flipped bit then stays inside one record, whose checksum finds it, and commands are often compressed already.
const options = { keyEncoding: 'view', valueEncoding: 'view', compression: false, writeBufferSize: 16 * mib } as const

const levelNames = /^(\..*|CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp)|lost)$/
const levelFiles = /^(CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp))$/
const levelData = /^\d+\.(log|ldb|sst)$/

/**
 * LevelDB in a folder. Its lock goes with the process, however that ends: it guards the whole data folder. Opening rewrites what the
 * write-ahead log held into a synced table, so what is read afterwards is durable.
 */
export function levelBatches(folder: string): Batches {
  let opened: Level | undefined
  let letGo = () => {}
  let isChecked = false
  const level = (): Level => {
    if (opened === undefined) throw new Error(`the database in ${folder} is not open`)
    return opened
  }
  const openHeld = async (): Promise<void> => {
    const names = await nodeFiles.list(folder)
    refuseUnsuitable(folder, names)
    if (!isChecked && names.includes('CURRENT')) await refuseDamagedTables(folder)
    isChecked = true
    opened = new ClassicLevel(folder, options)
    await opened.open().catch(error => {
      throw openingFailed(folder, error)
    })
  }
  const open = async (): Promise<void> => {
    const taken = hold(folder)
    if (taken === undefined) throw inUse(folder)
    letGo = taken
    await openHeld().catch(error => {
      letGo()
      throw error
    })
  }
  return {
    open,
    async reset() {
      await opened?.close().finally(letGo)
      opened = undefined
      await setAside(folder)
      await open()
    },
    async write({ puts, removes, sync }) {
      const batch = level().batch() // chained: five times faster than an array of operations
      for (const key of removes) batch.del(key)
      for (const [key, value] of puts) batch.put(key, value)
      await batch.write({ sync })
    },
    removeRange: async ({ from, to }) => level().clear({ gte: from, lte: to }),
    async *read({ from, to }) {
      const iterator = level().iterator({ gte: from, lte: to, fillCache: false, highWaterMarkBytes: mib })
      try {
        for (;;) {
          const page = await iterator.nextv(pageKeys)
          if (page.length === 0) return
          yield page
        }
      } catch (cause) {
        throw isDamage(cause) ? damaged(folder, cause) : cause
      } finally {
        await iterator.close()
      }
    },
    close: async () => opened?.close().finally(letGo),
  }
}

const keptMax = 3

/**
 * What is damaged may be all that is left of a cluster, so it is kept beside, under a name of its own: the first few times. Synced, or an
 * old write-ahead log could come back after a power cut, and be taken for the new database's.
 */
async function setAside(folder: string): Promise<void> {
  const at = folder.lastIndexOf('/')
  const [parent, name] = [folder.slice(0, at), folder.slice(at + 1)]
  const names = await nodeFiles.list(parent)
  const free = Array.from({ length: keptMax }, (_, i) => `.${name}.damaged-${i + 1}`).find(kept => !names.includes(kept))
  if (free !== undefined && names.includes(name)) {
    await nodeFiles.rename(folder, `${parent}/${free}`)
    return nodeFiles.syncFolder(parent)
  }
  for (const file of await nodeFiles.list(folder)) if (levelFiles.test(file)) await nodeFiles.remove(`${folder}/${file}`)
  await nodeFiles.syncFolder(folder)
}

type Level = ClassicLevel<Uint8Array, Uint8Array>

/**
 * Before LevelDB touches the folder: it would make itself at home among the files of others, and where the file that names its state is
 * gone, start anew and delete what is left.
 */
function refuseUnsuitable(folder: string, names: readonly string[]): void {
  const foreign = names.find(name => !levelNames.test(name))
  if (foreign !== undefined) {
    throw new RaftError('FOLDER_FOREIGN', `${folder} holds ${foreign}, which is not ours. Name a folder that is empty or new.`)
  }
  if (!names.includes('CURRENT') && names.some(name => levelData.test(name))) throw damaged(folder, new Error('CURRENT is gone'))
}

/** Not while somebody has it open, whose tables may be half written: LevelDB looks at its lock before it sees that there is something. */
async function refuseDamagedTables(folder: string): Promise<void> {
  const probe = new ClassicLevel(folder, { ...options, createIfMissing: false, errorIfExists: true })
  await probe.open().catch(error => {
    if (codeOf(error) === 'LEVEL_LOCKED') throw openingFailed(folder, error)
  })
  const damage = await damagedTable(nodeFiles, folder)
  if (damage !== undefined) throw damaged(folder, new Error(damage))
}

function openingFailed(folder: string, error: unknown): RaftError {
  const cause = (error as { cause?: unknown }).cause ?? error
  const { code, message } = cause as LevelError
  if (code === 'LEVEL_LOCKED') return inUse(folder, cause)
  if (isDamage(cause)) return damaged(folder, cause)
  return new RaftError('FOLDER_UNUSABLE', `cannot open ${folder}: ${message}. Check that its disk is there and writable.`, { cause })
}

function codeOf(error: { cause?: unknown }): unknown {
  return (error.cause as LevelError | undefined)?.code
}

type LevelError = { readonly code?: unknown; readonly message?: unknown }

/** LevelDB calls it an I/O error where a file is gone, or shorter than it was. */
function isDamage(cause: unknown): boolean {
  const { code, message } = cause as LevelError
  return code === 'LEVEL_CORRUPTION' || /no such file|invalid argument/i.test(String(message))
}

/** The log store adds what to do. */
function damaged(folder: string, cause: unknown): RaftError {
  return new RaftError('CORRUPT', `the database in ${folder} is damaged (${(cause as LevelError).message})`, { cause })
}
