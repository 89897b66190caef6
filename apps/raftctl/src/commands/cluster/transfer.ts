import { Args } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'

type Transferred = { readonly leader: string }

export default class ClusterTransfer extends ClientCommand {
  static override summary = 'Let another voter lead'

  static override description =
    prose(`Without an id the one with most of the log. Takes some milliseconds; writes of that moment wait. A node that is stopped hands
leadership over by itself.

${exitCodesHelp}`)

  static override examples = ['<%= config.bin %> cluster transfer', '<%= config.bin %> cluster transfer n2']

  static override args = { id: Args.string({ description: 'who is to lead', ignoreStdin: true }) }

  async run(): Promise<Transferred> {
    const { args, flags } = await this.parse(ClusterTransfer)
    const { client } = await this.connect(flags)
    const transferred = await client.admin.transferLeadership({ target: args.id })
    this.print(transferred, { table: ({ leader }) => `${leader} leads` }, flags)
    return transferred
  }
}
