import type { Hook } from '@oclif/core'
import { exitCodes } from '../command/exit-codes.ts'
import { unknownCommandLine } from '../command/unknown-command.ts'

/** Instead of oclif's own answer, which is a warning, an error and the exit code 127. */
const hook: Hook.CommandNotFound = async function ({ id, config }) {
  process.stderr.write(unknownCommandLine(id, config))
  this.exit(exitCodes.usage)
}

export default hook
