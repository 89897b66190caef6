import { Args } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'

type Found = { readonly key: string; readonly value: string }

export default class KvGet extends ClientCommand {
  static override summary = 'Print the value of a key'

  static override description =
    prose(`Prints the value as it is, and a newline. The read is linearizable: it shows every write that was acknowledged before, on any node.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> kv get foo',
    { description: 'From another node', command: '<%= config.bin %> kv get foo --endpoint 127.0.0.1:8280' },
    { description: 'A key that starts with a dash', command: '<%= config.bin %> kv get -- -foo' },
  ]

  static override args = { key: Args.string({ description: 'the key to read', required: true, ignoreStdin: true }) }

  async run(): Promise<Found> {
    const { args, flags } = await this.parse(KvGet)
    const value = await this.client(flags).get(args.key)
    if (value === undefined) this.fail(`there is no key ${JSON.stringify(args.key)}`, exitCodes.notFound)
    const found = { key: args.key, value }
    this.print(found, { table: ({ value }) => value }, flags)
    return found
  }
}
