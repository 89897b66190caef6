import { setFlagsFromString } from 'node:v8'

const flag = '--heap-growing-percent'
/** To twice what lives in it: docs/performance.md says what that saves and costs. */
const percent = 100

/**
 * On a machine with much memory V8 lets the heap grow to a multiple of what lives in it before it looks for garbage. A node's garbage is
 * old when it dies (entries of the log, values that were overwritten), so that is what it would grow to, under every load. Whoever starts
 * Node with this flag gets what it says.
 */
export function boundGarbage(): void {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some(words => words.replaceAll('_', '-').includes(flag))
  if (!given) setFlagsFromString(`${flag}=${percent}`)
}
