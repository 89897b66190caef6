import { checkSurvives } from '../../cluster/before-removal.ts'
import { forceFlag } from '../../cluster/force-flag.ts'
import { type Changed, memberArg } from '../../cluster/member-arg.ts'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'

export default class ClusterRemove extends ClientCommand {
  static override summary = 'Remove a member for good'

  static override description =
    prose(`Its folder is of no use afterwards: it can come back only as a new member, with an empty folder. Refused where the voters that
answer would be no majority afterwards, unless --force is said. To put a new node in its place, "node join --replace" does both at once.

${exitCodesHelp}`)

  static override examples = ['<%= config.bin %> cluster remove n3']

  static override args = memberArg
  static override flags = forceFlag

  async run(): Promise<Changed> {
    const { args, flags } = await this.parse(ClusterRemove)
    const { client, settings, at } = await this.connect(flags)
    if (!flags.force) await checkSurvives({ client, endpoints: settings.endpoints, at }, args.id)
    const changed = { id: args.id, ...(await client.admin.remove(args.id)) }
    this.print(changed, { table: ({ id, index }) => `${id} is removed (since index ${index}); stop it, if it still runs` }, flags)
    return changed
  }
}
