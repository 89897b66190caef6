import type { Index, Term } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Files } from '../storage/files.ts'
import { snapshotFolder } from '../storage/folder-layout.ts'
import { readSnapshotData, readSnapshotMeta } from '../storage/snapshot-file.ts'

export type InspectedSnapshot = {
  readonly file: string
  /** Bytes of state machine data. These four are 0 or empty where the file cannot be read. */
  readonly bytes: number
  readonly index: Index
  readonly term: Term
  readonly voters: readonly string[]
  readonly damage: string | undefined
}

/** Reads every one through, newest first. */
export async function inspectSnapshots(files: Files, dir: string): Promise<readonly InspectedSnapshot[]> {
  const folder = `${dir}/${snapshotFolder}`
  const names = (await files.list(folder)).filter(name => name.endsWith('.snap')).reverse()
  const snapshots: InspectedSnapshot[] = []
  for (const name of names) snapshots.push(await inspectSnapshot(files, `${folder}/${name}`, `${snapshotFolder}/${name}`))
  return snapshots
}

async function inspectSnapshot(files: Files, path: string, name: string): Promise<InspectedSnapshot> {
  const file = await files.open(path)
  let found: InspectedSnapshot = { file: name, bytes: 0, index: 0, term: 0, voters: [], damage: 'it is gone' }
  if (file === undefined) return found
  try {
    const { size, index, term, membership } = await readSnapshotMeta(file)
    found = { ...found, bytes: size, index, term, voters: membership.voters, damage: undefined }
    for await (const _ of readSnapshotData(file));
    return found
  } catch (error) {
    if (error instanceof RaftError && error.code === 'CORRUPT') return { ...found, damage: error.message }
    throw error
  } finally {
    await file.close()
  }
}
