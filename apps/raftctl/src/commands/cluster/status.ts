import { gather } from '../../cluster/gather.ts'
import { type ClusterReport, reportOf } from '../../cluster/report.ts'
import { clusterView } from '../../cluster/view.ts'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'

/** A member that hangs must not make the others wait for their line. */
const memberTimeoutMs = 1_500

export default class ClusterStatus extends ClientCommand {
  static override summary = 'Show the members: who leads, how far each one is, how many may fail'

  static override description =
    prose(`Asks one endpoint who belongs to the cluster, then every member how it is; works without a leader, too.

LAG is how many committed entries a member has not applied yet, LAST CONTACT how long ago the leader heard from it.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> cluster status',
    {
      description: 'When the first endpoint is down',
      command: '<%= config.bin %> cluster status --endpoints 127.0.0.1:8180,127.0.0.1:8280',
    },
    { description: 'Who leads?', command: '<%= config.bin %> cluster status --field leader' },
    { description: 'For programs', command: '<%= config.bin %> cluster status --output json' },
  ]

  async run(): Promise<ClusterReport> {
    const { flags } = await this.parse(ClusterStatus)
    const client = this.client(flags)
    const timeoutMs = Math.min(flags.timeout, memberTimeoutMs)
    const report = reportOf(await gather(client.endpoints, endpoint => client.status({ endpoint, timeoutMs })))
    this.print(report, clusterView, flags)
    return report
  }
}
