import { Args } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { readStdin } from '../../command/stdin.ts'

type Written = { readonly key: string; readonly index: number }

export default class KvSet extends ClientCommand {
  static override summary = 'Set a key to a value'

  static override description =
    prose(`Returns once a majority of the nodes has the value on disk. The index that it prints is the place of the write in the log.
A write whose answer is lost is not sent again: exit code 5 says that it may have happened.

${exitCodesHelp}`)

  static override usage = 'kv set KEY VALUE [-e HOST:PORT...] [--timeout MS] [-o table|json|yaml|csv] [--field PATH]'

  static override examples = [
    '<%= config.bin %> kv set foo bar',
    { description: 'The value from a file, as it is', command: '<%= config.bin %> kv set config - < config.json' },
    { description: 'A value that starts with a dash', command: '<%= config.bin %> kv set -- foo -bar' },
  ]

  static override args = {
    key: Args.string({ description: 'the key to write', required: true, ignoreStdin: true }),
    // Not required as far as oclif knows: it takes an empty value, which is a value, for a missing one.
    value: Args.string({ description: 'its new value, which may be empty; - reads it from the standard input', ignoreStdin: true }),
  }

  async run(): Promise<Written> {
    const { args, flags } = await this.parse(KvSet)
    if (args.value === undefined) this.fail(`missing VALUE; for an empty one: ${this.config.bin} kv set ${args.key} ''`, exitCodes.usage)
    const value = args.value === '-' ? await readStdin() : args.value
    const { revision: index } = await this.client(flags).set(args.key, value)
    const written = { key: args.key, index }
    this.print(written, { table: ({ key, index }) => `${key} is set (index ${index})` }, flags)
    return written
  }
}
