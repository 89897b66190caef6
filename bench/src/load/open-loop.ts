import { fileURLToPath } from 'node:url'
import { Managed } from '../process/managed.ts'
import { lastLine } from './autocannon.ts'
import type { Generator } from './load.ts'

const program = fileURLToPath(new URL('./open-loop-child.ts', import.meta.url))

/**
 * Requests become due at a fixed rate, whatever the server does, and latency counts from then: a server that stalls for a second makes
 * all requests of that second late, where a closed loop would just have asked less (coordinated omission).
 */
export function openLoop(perSecond: number): Generator {
  return {
    name: `${perSecond}/s`,
    start: load =>
      new Managed('load', { file: process.execPath, args: ['--import', 'tsx', program, JSON.stringify({ ...load, perSecond })] }),
    read: lastLine,
  }
}
