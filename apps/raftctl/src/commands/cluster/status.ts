import { Flags } from '@oclif/core'
import { gather } from '../../cluster/gather.ts'
import { type ClusterReport, reportOf } from '../../cluster/report.ts'
import { clusterView } from '../../cluster/view.ts'
import { ClientCommand, type Connection } from '../../command/client-command.ts'
import { durationFlag } from '../../command/duration.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { failureOf } from '../../command/failure.ts'
import { untilInterrupted } from '../../command/interrupt.ts'
import { prose } from '../../command/prose.ts'
import { LiveText } from '../../output/live.ts'
import { untilClosed } from '../../output/pipe.ts'
import { render } from '../../output/render.ts'

/** A member that hangs must not make the others wait for their line. */
const memberTimeoutMs = 1_500

export default class ClusterStatus extends ClientCommand {
  static override summary = 'Show the members: who leads, how far each one is, how many may fail'

  static override description =
    prose(`Asks one endpoint who belongs to the cluster, then every member how it is; works without a leader, too.

LAG is how many committed entries a member has not applied yet, LAST CONTACT how long ago the leader heard from it, DISK how much its data
folder takes.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> cluster status',
    { description: 'As it goes on, until Ctrl-C', command: '<%= config.bin %> cluster status --watch' },
    {
      description: 'When the first endpoint is down',
      command: '<%= config.bin %> cluster status --endpoints 127.0.0.1:8180,127.0.0.1:8280',
    },
    { description: 'Who leads?', command: '<%= config.bin %> cluster status --field leader' },
    { description: 'For programs', command: '<%= config.bin %> cluster status --output json' },
  ]

  static override flags = {
    watch: Flags.boolean({ char: 'w', description: 'again and again, until Ctrl-C', default: false }),
    interval: durationFlag('interval', { description: 'with --watch: how often', value: '1s' }),
  }

  async run(): Promise<ClusterReport | undefined> {
    const { flags } = await this.parse(ClusterStatus)
    const connection = await this.connect(flags)
    if (!flags.watch) {
      const report = await reportFrom(connection)
      this.print(report, clusterView, flags)
      return report
    }
    const signal = AbortSignal.any([untilInterrupted(), untilClosed])
    const live = new LiveText(process.stdout, signal)
    const text = async () => render(await reportFrom(connection), clusterView, flags)
    // A moment without an answer is what one watches for, and no reason to stop.
    await live.show(
      () => text().catch(error => `${this.config.bin}: ${failureOf(error, this.config.bin).message}`),
      flags.interval ?? 1_000,
    )
    return undefined
  }
}

async function reportFrom({ client, settings, at }: Connection): Promise<ClusterReport> {
  const timeoutMs = Math.min(settings.timeoutMs, memberTimeoutMs)
  return reportOf(await gather(settings.endpoints, endpoint => client.status({ endpoint, timeoutMs }), at))
}
