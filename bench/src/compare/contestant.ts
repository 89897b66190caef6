import type { Generator, Load } from '../load/load.ts'
import type { Watched } from '../process/watch.ts'

/** A cluster of three, started afresh for every round, on this machine's disk. */
export type Contestant = {
  readonly name: string
  readonly api: NonNullable<Load['api']>
  /** What it can be asked for; the ceiling answers reads without any protocol. */
  readonly reads: string | undefined
  /** Where the usual load generator cannot speak its protocol. */
  readonly generator?: Generator
  start(folder: string): Promise<Running>
}

export type Running = {
  /** Of its leader. */
  readonly url: string
  readonly watched: readonly Watched[]
  stop(): Promise<void>
}
