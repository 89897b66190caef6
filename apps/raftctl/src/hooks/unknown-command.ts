import type { Hook } from '@oclif/core'
import { exitCodes } from '../command/exit-codes.ts'
import { unknownCommand } from '../command/unknown-command.ts'

/** Instead of oclif's own answer, which is a warning, an error and the exit code 127. */
const hook: Hook.CommandNotFound = async function ({ id, config }) {
  const known = config.commands.filter(({ hidden }) => !hidden).map(command => command.id.replaceAll(':', ' '))
  const topics = config.topics.map(({ name }) => name.replaceAll(':', ' '))
  process.stderr.write(`${config.bin}: ${unknownCommand(id.replaceAll(':', ' '), { bin: config.bin, known, topics })}\n`)
  this.exit(exitCodes.usage)
}

export default hook
