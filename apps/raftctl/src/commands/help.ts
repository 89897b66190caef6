import { loadHelpClass } from '@oclif/core'
import { RaftCommand } from '../command/base.ts'

export default class HelpCommand extends RaftCommand {
  static override summary = 'Explain a command, with examples'

  static override description = 'The same as --help after it.'

  static override examples = ['<%= config.bin %> help kv get', '<%= config.bin %> kv get --help']

  static override usage = 'help [COMMAND]'

  static override strict = false

  async run(): Promise<void> {
    const { argv } = await this.parse(HelpCommand)
    const Help = await loadHelpClass(this.config)
    await new Help(this.config).showHelp(argv as string[])
  }
}
