import { writeSync } from 'node:fs'
import { exitCodes } from '../command/exit-codes.ts'

/**
 * Ends the program where its output cannot be written, on a full disk say. oclif would with a stack trace, and with the exit code that says
 * that nothing was changed. Whoever stops reading (`| head`) has seen enough, and is none of this.
 */
export function exitWhenOutputIsLost(bin: string): void {
  process.stdout.prependListener('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    const what = `the output cannot be written (${error.code ?? error.message})`
    try {
      writeSync(2, `${bin}: ${what}; what was asked for may have been done: look before you ask again\n`)
    } finally {
      process.exit(exitCodes.outcomeUnknown)
    }
  })
}
