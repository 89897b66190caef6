import type { InspectedEntry, InspectedMark, InspectedSnapshot, Inspection } from 'raft-node/inspect'

/** Entries of one term, one after the other. */
type TermRange = { readonly term: number; readonly first: number; readonly last: number; readonly bytes: number }

/** What `raftctl log inspect` prints. Part of the interface: names stay. */
export type FolderReport = {
  readonly dir: string
  readonly logStore: string
  readonly verdict: Inspection['verdict']
  readonly damage: string | null
  readonly identity: Inspection['identity'] | null
  readonly term: number
  readonly vote: string | null
  readonly commit: number
  readonly log: {
    /** 0 in an empty log, as `last`. */
    readonly first: number
    readonly last: number
    readonly count: number
    readonly bytes: number
    readonly terms: readonly TermRange[]
  }
  readonly watermarks: readonly InspectedMark[]
  readonly snapshots: readonly (Omit<InspectedSnapshot, 'damage'> & { readonly damage: string | null })[]
  readonly entries?: readonly InspectedEntry[]
}

export function folderReport(found: Inspection, listsEntries: boolean): FolderReport {
  const { dir, logStore, verdict, damage = null, identity = null, hardState, entries, watermarks } = found
  return {
    dir,
    logStore,
    verdict,
    damage,
    identity,
    term: hardState.term,
    vote: hardState.vote ?? null,
    commit: hardState.commit,
    log: {
      first: entries[0]?.index ?? 0,
      last: entries.at(-1)?.index ?? 0,
      count: entries.length,
      bytes: bytesOf(entries),
      terms: termsOf(entries),
    },
    watermarks,
    snapshots: found.snapshots.map(snapshot => ({ ...snapshot, damage: snapshot.damage ?? null })),
    ...(listsEntries ? { entries } : {}),
  }
}

function bytesOf(entries: readonly InspectedEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0)
}

function termsOf(entries: readonly InspectedEntry[]): TermRange[] {
  const ranges: TermRange[] = []
  for (const { term, index, bytes } of entries) {
    const range = ranges.at(-1)
    if (range?.term === term) ranges[ranges.length - 1] = { ...range, last: index, bytes: range.bytes + bytes }
    else ranges.push({ term, first: index, last: index, bytes })
  }
  return ranges
}
