import { repository } from '../repository.ts'
import type { Kind } from '../seed-pool.ts'
import { SeedPool, WorkerError } from '../seed-pool.ts'
import { PatchError } from './patch-file.ts'

export type Catch = { readonly seed: number; readonly invariant: string; readonly message: string }

export type HuntOptions = {
  /** A copy of the sources, with the bug in it. */
  readonly root: string
  readonly kind: Kind
  readonly seeds: number
  /** How many processes share the seeds. */
  readonly processes: number
  readonly onSeed: (seed: number) => void
  readonly signal: AbortSignal
}

/**
 * Runs seeds from 1 on, shared by several processes, until one fails that passes without the bug: the lowest, whoever is first. Throws a PatchError when
 * the simulation does not even start.
 */
export async function hunt(options: HuntOptions): Promise<Catch | undefined> {
  const { root, kind, seeds, processes, onSeed, signal } = options
  const pool = new SeedPool({ root, kind, processes })
  const clean = new SeedPool({ root: repository, kind, processes })
  const stop = () => {
    pool.close()
    clean.close()
  }
  signal.addEventListener('abort', stop)
  let next = 1
  let found: Catch | undefined
  const follow = async () => {
    while (next <= (found?.seed ?? seeds + 1) - 1 && !signal.aborted) {
      const seed = next++
      const caught = await tryOne(pool, seed)
      if (signal.aborted) return
      // A seed that fails without the bug says nothing of it.
      if (caught !== undefined && (await tryOne(clean, seed)) !== undefined) continue
      onSeed(seed)
      if (caught !== undefined && seed < (found?.seed ?? Infinity)) found = caught
    }
  }
  try {
    await Promise.all(Array.from({ length: processes }, follow))
    signal.throwIfAborted()
    return found
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

async function tryOne(pool: SeedPool, seed: number): Promise<Catch | undefined> {
  try {
    const { failure } = await pool.run(seed)
    if (failure === undefined) return undefined
    const { invariant, message } = failure
    if (/^(?:Reference|Syntax)Error/.test(message)) throw new PatchError(`the patched sources do not run:\n${message}`)
    return { seed, invariant, message }
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error
    if (!error.hadStarted) throw new PatchError(`the patched sources do not start:\n${error.message}`)
    // Whatever ends a run is of the bug's making: no memory is left, it goes round for ever, or production code ends the process.
    return { seed, invariant: 'end', message: error.message }
  }
}
