import { setFlagsFromString } from 'node:v8'

/** To twice what lives in it: docs/performance.md says what that saves and costs. */
const bound = '--heap-growing-percent=100'
/** What is read at a start stays: to look for garbage step by step meanwhile, and with many threads, costs more than to do it when it must. */
const starting = ['--no-incremental-marking', '--no-parallel-scavenge']
const running = ['--incremental-marking', '--parallel-scavenge', bound]
/** Milliseconds: a start that takes longer waits for others. */
const longStart = 10_000

/**
 * On a machine with much memory V8 lets the heap grow to a multiple of what lives in it before it looks for garbage. A node's garbage is
 * old when it dies (entries of the log, values that were overwritten), so that is what it would grow to, under every load. So it is bound
 * once the node has started, and until then collected as cheaply as it can be. Whoever starts Node with one of these flags gets what it says.
 *
 * @returns What is to be called when the node has started.
 */
export function holdGarbage(): () => void {
  set(starting)
  const started = () => set(running)
  const timer = setTimeout(started, longStart).unref()
  return () => {
    clearTimeout(timer)
    started()
  }
}

function set(flags: readonly string[]): void {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-')
  for (const flag of flags) if (!given.includes(nameOf(flag))) setFlagsFromString(flag)
}

/** Of the flag and its opposite. */
function nameOf(flag: string): string {
  return flag.replace(/^--(no-)?/, '').replace(/=.*/, '')
}
