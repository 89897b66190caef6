import { Flags } from '@oclif/core'
import type { Consistency, ReadOptions } from 'kv-client'
import { durationFlag } from '../command/duration.ts'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'

/** How sure a read has to be, for every command that reads. */
export const readFlags = {
  consistency: Flags.option({ options: ['linearizable', 'lease', 'stale'] as const })({
    env: 'RAFTCTL_CONSISTENCY',
    description: 'linearizable: all that was acknowledged before; lease: the same by the clock; stale: what the node that answers has',
  }),
  stale: Flags.boolean({ description: 'as --consistency stale: works without a leader', exclusive: ['consistency'] }),
  'max-staleness': durationFlag('max-staleness', { description: 'with --stale: refuse an answer that may be older' }),
}

type ReadFlags = {
  readonly consistency?: Consistency | undefined
  readonly stale?: boolean
  readonly 'max-staleness'?: number | undefined
}

export function readOptions({ consistency, stale, 'max-staleness': maxStalenessMs }: ReadFlags): ReadOptions {
  const chosen = stale ? 'stale' : consistency
  if (maxStalenessMs !== undefined && chosen !== 'stale') {
    throw new Failure('--max-staleness is for stale reads: give --stale, too', exitCodes.usage)
  }
  return { consistency: chosen, maxStalenessMs }
}
