import { RaftError } from '../errors.ts'
import type { Files } from './files.ts'
import { watermarkNames } from './watermark.ts'

/** What lies in a node's data folder: two folders, and the two copies of the watermark. */
export const logFolder = 'log'
export const snapshotFolder = 'snapshots'

const ourNames: readonly string[] = [logFolder, snapshotFolder, ...watermarkNames, 'lost+found']

/** Refuses somebody's home folder, say, before anything is made in it. Files that were put beside a log of ours do no harm. */
export async function refuseForeignFolder(files: Files, folder: string): Promise<void> {
  const names = await files.list(folder)
  const foreign = names.find(name => !ourNames.includes(name) && !name.startsWith('.'))
  const ours = names.includes(logFolder) && watermarkNames.some(name => names.includes(name))
  if (foreign === undefined || ours) return
  throw new RaftError('FOLDER_FOREIGN', `${folder} is not a node's data folder: it holds ${foreign}. Name one that is empty or new.`)
}
