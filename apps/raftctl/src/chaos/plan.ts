/** What the process of a node under test is told when it starts. */
export type NodePlan = {
  readonly id: string
  readonly dir: string
  readonly http: string
  readonly raft: string
  /** HTTP addresses of members; empty for the node that founds the cluster. */
  readonly join: readonly string[]
  /** Where this node really dials for the raft address of another one: the link between the two. */
  readonly routes: Readonly<Record<string, string>>
  readonly logStore: 'level' | 'wal'
  readonly snapshotEntries: number
  readonly trailingEntries: number
}

/** How the disk of a node behaves. */
export type DiskMood = {
  /** Nothing that takes more space succeeds: ENOSPC. */
  readonly full: boolean
  /** Every flush fails: EIO. */
  readonly failing: boolean
  /** Every flush takes so many milliseconds longer. */
  readonly syncDelayMs: number
}

export const healthyDisk: DiskMood = { full: false, failing: false, syncDelayMs: 0 }

export type ToNode = { readonly type: 'disk'; readonly mood: DiskMood } | { readonly type: 'stop' }
export type FromNode = { readonly type: 'serving' } | { readonly type: 'stopped'; readonly message: string }
