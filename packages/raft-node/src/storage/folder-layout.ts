import { RaftError } from '../errors.ts'
import type { Files } from './files.ts'
import { watermarkNames } from './watermark.ts'

/** Which of the two log stores. */
export type LogKind = 'level' | 'wal'

/** What lies in a node's data folder: the folder of one log store, one for snapshots, and the two copies of the watermark. */
export const logFolders: Readonly<Record<LogKind, string>> = { level: 'log', wal: 'wal' }
export const snapshotFolder = 'snapshots'
export const reserveName = 'reserve'

const ourNames: readonly string[] = [...Object.values(logFolders), snapshotFolder, ...watermarkNames, reserveName, 'lost+found']

/** Refuses somebody's home folder, say, before anything is made in it. Files that were put beside a log of ours do no harm. */
export async function refuseForeignFolder(files: Files, folder: string): Promise<void> {
  const names = await files.list(folder)
  const foreign = names.find(name => !ourNames.includes(name) && !name.startsWith('.'))
  const ours = Object.values(logFolders).some(name => names.includes(name)) && watermarkNames.some(name => names.includes(name))
  if (foreign === undefined || ours) return
  throw new RaftError(
    'FOLDER_FOREIGN',
    `${folder} is not a node's data folder: it holds ${foreign}. Name a node's folder, or for a new node one that is empty or new.`,
  )
}

/** Which log store has made this folder; undefined where none has, or nobody can look. */
export async function logKindOf(files: Files, folder: string): Promise<LogKind | undefined> {
  const names = await files.list(folder).catch((): string[] => []) // opening it says what is wrong
  return (['level', 'wal'] as const).find(kind => names.includes(logFolders[kind]))
}

/** A node that took the other store's folder for an empty one would forget its log and its votes. */
export async function refuseOtherStore(files: Files, folder: string, kind: LogKind): Promise<void> {
  const names = await files.list(folder)
  const other = kind === 'level' ? 'wal' : 'level'
  if (!names.includes(logFolders[other])) return
  const help = `Start it with --log-store ${other} (in code: log: '${other}'), or name another folder.`
  throw new RaftError('FOLDER_FOREIGN', `${folder} was made with the log store '${other}', not '${kind}'. ${help}`)
}
