import { type Changed, memberArg } from '../../cluster/member-arg.ts'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'

export default class ClusterPromote extends ClientCommand {
  static override summary = 'Let a learner vote'

  static override description =
    `A node that joins is promoted by itself once it has caught up; this is for one that was demoted.\n\n${exitCodesHelp}`

  static override examples = ['<%= config.bin %> cluster promote n4']

  static override args = memberArg

  async run(): Promise<Changed> {
    const { args, flags } = await this.parse(ClusterPromote)
    const { client } = await this.connect(flags)
    const changed = { id: args.id, ...(await client.admin.promote(args.id)) }
    this.print(changed, { table: ({ id, index }) => `${id} is a voter (since index ${index})` }, flags)
    return changed
  }
}
