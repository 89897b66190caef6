import type { RunSeed } from '../batch.ts'

/** What the child that runs the seeds tells. */
export type SeedReport =
  | { readonly type: 'ready' }
  | { readonly type: 'seed'; readonly seed: number; readonly invariant?: string; readonly message?: string }

/** Runs every `step`th seed from `first` to `last` until one fails, and tells of each. */
export async function runSeeds(
  run: RunSeed,
  { first, last, step }: { readonly first: number; readonly last: number; readonly step: number },
  tell: (report: SeedReport) => void,
): Promise<void> {
  tell({ type: 'ready' })
  for (let seed = first; seed <= last; seed += step) {
    const { failure } = await run(seed)
    tell({ type: 'seed', seed, ...(failure && { invariant: failure.invariant, message: failure.message }) })
    if (failure !== undefined) return
  }
}
