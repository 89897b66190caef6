import type { LoadResult } from '../load/load.ts'
import type { Watched } from '../process/watch.ts'

export type CallersLoad = { readonly callers: number; readonly seconds: number; readonly valueBytes: number; readonly keys: number }

/** A cluster of three whose callers are inside its leader's process. */
export type Contender = {
  readonly name: string
  /** Its line in a plot. */
  readonly series: string
  start(folder: string): Promise<RunningContender>
}

type RunningContender = {
  run(load: CallersLoad): Promise<LoadResult>
  /** Who leads may change. */
  watched(): Promise<readonly Watched[]>
  stop(): Promise<void>
}
