import { checkSurvives } from '../../cluster/before-removal.ts'
import { forceFlag } from '../../cluster/force-flag.ts'
import { type Changed, memberArg } from '../../cluster/member-arg.ts'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'

export default class ClusterDemote extends ClientCommand {
  static override summary = 'Make a voter a learner: it keeps its copy and votes no more'

  static override description =
    prose(`For a node that is slow or far away, or before a long maintenance. Refused where the voters that answer would be no majority
afterwards, unless --force is said.

${exitCodesHelp}`)

  static override examples = ['<%= config.bin %> cluster demote n3']

  static override args = memberArg
  static override flags = forceFlag

  async run(): Promise<Changed> {
    const { args, flags } = await this.parse(ClusterDemote)
    const { client, settings, at } = await this.connect(flags)
    if (!flags.force) await checkSurvives({ client, endpoints: settings.endpoints, at }, args.id)
    const changed = { id: args.id, ...(await client.admin.demote(args.id)) }
    this.print(changed, { table: ({ id, index }) => `${id} is a learner (since index ${index})` }, flags)
    return changed
  }
}
