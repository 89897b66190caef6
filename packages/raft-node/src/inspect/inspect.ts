import type { Entry, HardState, Index, Position, Term } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Identity } from '../ports.ts'
import type { Files } from '../storage/files.ts'
import { type LogKind, logFolders, refuseForeignFolder, snapshotFolder } from '../storage/folder-layout.ts'
import { checkLog, checkNew, checkOwner } from '../storage/log-check.ts'
import type { LogHead } from '../storage/log-head.ts'
import type { LogMedium, ReadEntries } from '../storage/log-medium.ts'
import { nodeFiles, openForReading } from '../storage/node-files.ts'
import { type Copy, readCopy, watermarkNames } from '../storage/watermark.ts'
import { type InspectedSnapshot, inspectSnapshots } from './snapshots.ts'
import { withLog } from './with-log.ts'

export type { InspectedSnapshot }

/** One copy of the watermark. */
export type InspectedMark =
  | { readonly file: string; readonly state: 'absent' | 'unreadable' }
  | {
      readonly file: string
      readonly state: 'whole'
      readonly counter: number
      readonly identity: Identity
      readonly term: Term
      readonly vote: string | undefined
      readonly index: Index
      readonly chain: number
      readonly repairing: boolean
    }

/** `bytes`: the command's, or 0. */
export type InspectedEntry = Position & { readonly type: Entry['type']; readonly bytes: number }

export type Inspection = {
  readonly dir: string
  readonly logStore: LogKind
  /**
   * `new`: nothing was saved. `sound`. `torn`: what nobody was told about was cut off by a crash; a start drops it. `damaged`: a node
   * that has peers fills it again from them, another one refuses to start.
   */
  readonly verdict: 'new' | 'sound' | 'torn' | 'damaged'
  /** The first damage: what is wrong, and where. */
  readonly damage: string | undefined
  readonly identity: Identity | undefined
  readonly hardState: HardState
  /** The position just before the first entry. */
  readonly base: Position
  readonly watermarks: readonly InspectedMark[]
  /** As far as they can be read and follow one another. */
  readonly entries: readonly InspectedEntry[]
  readonly snapshots: readonly InspectedSnapshot[]
}

const readingFiles: Files = { ...nodeFiles, open: openForReading }

/**
 * What a data folder holds, of either log store. Writes nothing, takes the folder's lock while it reads. Throws RaftError `FOLDER_FOREIGN`
 * where `dir` is not a data folder, `FOLDER_IN_USE` while a node runs on it, `FOLDER_VERSION` where another release wrote it.
 */
export async function inspect(dir: string): Promise<Inspection> {
  const logStore = await kindOf(dir)
  const copies = await Promise.all(watermarkNames.map(name => readCopy(readingFiles, `${dir}/${name}`)))
  const beside = { copies, snapshots: await nodeFiles.list(`${dir}/${snapshotFolder}`) }
  const log = await withLog({ dir, kind: logStore, files: readingFiles }, medium => readLog(medium, beside))
  const snapshots = await inspectSnapshots(readingFiles, dir)
  const damage = log.damage ?? uncovered(log.base, snapshots)
  const verdict = damage !== undefined ? 'damaged' : log.identity === undefined ? 'new' : log.stop !== undefined ? 'torn' : 'sound'
  const { identity, hardState, base, entries, stop } = log
  const watermarks = watermarkNames.map((file, i) => markOf(file, copies[i] ?? 'absent'))
  return { dir, logStore, verdict, damage: damage ?? stop, identity, hardState, base, watermarks, entries, snapshots }
}

async function kindOf(dir: string): Promise<LogKind> {
  const names = await nodeFiles.list(dir)
  await refuseForeignFolder(nodeFiles, dir)
  const kinds = (['level', 'wal'] as const).filter(kind => names.includes(logFolders[kind]))
  if (kinds.length === 1 && kinds[0] !== undefined) return kinds[0]
  const what = kinds.length > 1 ? 'it holds the logs of both log stores' : 'it holds no log'
  throw new RaftError('FOLDER_FOREIGN', `${dir} is not a node's data folder: ${what}. Name the folder that the node was started with.`)
}

type ReadLog = Pick<Inspection, 'identity' | 'hardState' | 'base' | 'entries' | 'damage'> & { readonly stop: string | undefined }

const nothing = {
  identity: undefined,
  hardState: { term: 0, vote: undefined, commit: 0 },
  base: { term: 0, index: 0 },
  entries: [],
  stop: undefined,
}

/** What lies beside the log: the copies of the watermark, and the names of snapshots. */
type Beside = { readonly copies: readonly (Copy | 'absent' | 'unreadable')[]; readonly snapshots: readonly string[] }

async function readLog(medium: LogMedium, beside: Beside): Promise<ReadLog> {
  try {
    await medium.open()
    const head = await medium.readHead()
    const read = await medium.readEntries(head)
    const base = head.base.position
    const { identity, hardState } = head
    const damage = await damageOf(head, read, beside, () => medium.isEmpty())
    return { identity, hardState, base, entries: read.entries.map(about), stop: read.stop, damage }
  } catch (error) {
    if (error instanceof RaftError && error.code === 'CORRUPT') return { ...nothing, damage: error.message }
    throw error
  }
}

/** As the node itself finds it when it starts. */
async function damageOf(
  { identity, hardState, base }: LogHead,
  read: ReadEntries,
  beside: Beside,
  isEmpty: () => Promise<boolean>,
): Promise<string | undefined> {
  const copies = beside.copies.filter(copy => typeof copy === 'object').sort((a, b) => b.counter - a.counter)
  const unreadable = beside.copies.filter(copy => copy === 'unreadable').length
  try {
    if (identity === undefined) {
      checkNew({ copies, unreadable }, beside.snapshots)
      return (await isEmpty()) ? undefined : 'the log does not say whose it is'
    }
    checkOwner(identity, copies)
    await checkLog({ identity, hardState, base, read: async () => read }, copies)
    return copies[0]?.mark.repairing ? 'a repair of this log was begun and is not finished: a start goes on with it' : undefined
  } catch (error) {
    if (!(error instanceof RaftError) || error.code !== 'CORRUPT') throw error
    return read.stop === undefined ? error.message : `${error.message} (${read.stop})`
  }
}

/** What the log no longer holds must be in a snapshot. */
function uncovered({ index }: Position, snapshots: readonly InspectedSnapshot[]): string | undefined {
  if (index === 0 || snapshots.some(snapshot => snapshot.damage === undefined && snapshot.index >= index)) return undefined
  return `the log begins after entry ${index}, and no snapshot that can be read reaches that far`
}

function about(entry: Entry): InspectedEntry {
  return { index: entry.index, term: entry.term, type: entry.type, bytes: entry.type === 'command' ? entry.data.length : 0 }
}

function markOf(file: string, copy: Copy | 'absent' | 'unreadable'): InspectedMark {
  return typeof copy === 'object' ? { file, state: 'whole', counter: copy.counter, ...copy.mark } : { file, state: copy }
}
