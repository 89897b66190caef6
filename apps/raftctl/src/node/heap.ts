import { setUnlessGiven } from './v8-flags.ts'

/** To twice what lives in it: docs/performance.md says what that saves and costs. */
const bound = '--heap-growing-percent=100'
/** What is read at a start stays: to look for garbage step by step meanwhile, and with many threads, costs more than to do it when it must. */
const starting = ['--no-incremental-marking', '--no-parallel-scavenge']
const running = ['--incremental-marking', '--parallel-scavenge', bound]
/** Milliseconds. Whatever is read for longer, the process is needed for other things by then. */
const longStart = 10_000

/**
 * On a machine with much memory V8 lets the heap grow to a multiple of what lives in it before it looks for garbage. A node's garbage is
 * old when it dies (entries of the log, values that were overwritten), so that is what it would grow to, under every load. So it is bound
 * from the first full collection after the start on, and until then collected as cheaply as it can be. Whoever starts Node with one of
 * these flags gets what it says.
 *
 * @returns What is to be called when the node has started.
 */
export function holdGarbage(): () => void {
  setUnlessGiven(starting)
  const started = () => setUnlessGiven(running)
  const timer = setTimeout(started, longStart).unref()
  return () => {
    clearTimeout(timer)
    started()
  }
}
