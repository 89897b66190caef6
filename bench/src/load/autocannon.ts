import { fileURLToPath } from 'node:url'
import { Managed } from '../process/managed.ts'
import type { Generator, LoadResult } from './load.ts'

const program = fileURLToPath(new URL('./autocannon-child.ts', import.meta.url))

/** autocannon: everywhere, and a third of a core or more. */
export const autocannon: Generator = {
  name: 'autocannon',
  start: load => new Managed('load', { file: process.execPath, args: ['--import', 'tsx', program, JSON.stringify(load)] }),
  read: lastLine,
}

export function lastLine(output: string): LoadResult {
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as LoadResult
}
