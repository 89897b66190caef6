import { Args } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'

type Deleted = { readonly key: string; readonly index: number }

export default class KvDelete extends ClientCommand {
  static override summary = 'Delete a key'

  static override description =
    prose(`Returns once a majority of the nodes has the deletion on disk. A key that is not there is exit code 4.

${exitCodesHelp}`)

  static override examples = ['<%= config.bin %> kv delete foo']

  static override args = { key: Args.string({ description: 'the key to delete', required: true, ignoreStdin: true }) }

  async run(): Promise<Deleted> {
    const { args, flags } = await this.parse(KvDelete)
    const { revision: index, deleted } = await this.client(flags).delete(args.key)
    if (!deleted) this.fail(`there is no key ${JSON.stringify(args.key)}`, exitCodes.notFound)
    const answer = { key: args.key, index }
    this.print(answer, { table: ({ key, index }) => `${key} is deleted (index ${index})` }, flags)
    return answer
  }
}
