import { Flags } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { prose } from '../../command/prose.ts'
import { findingsOf } from '../../doctor/checks.ts'
import { examine } from '../../doctor/examined.ts'
import { type Diagnosis, diagnosisOf, diagnosisView } from '../../doctor/view.ts'

const memberTimeoutMs = 1_500

export default class ClusterDoctor extends ClientCommand {
  static override summary = 'See whether anything is wrong with a cluster, and what to do about it'

  static override description =
    prose(`Asks every member, changes nothing, and works without a leader: who answers, whether the number of voters is odd, how many may still
fail, who lags, how full and how slow the disks are, whether clocks and versions agree.

Exit codes: 0 all in order or only warnings, 1 something is bad (with --strict also for a warning), 3 nobody answered.`)

  static override examples = [
    '<%= config.bin %> cluster doctor',
    { description: 'In a monitor', command: '<%= config.bin %> cluster doctor --strict --output json' },
    { description: 'In a word: ok, warning or bad', command: '<%= config.bin %> cluster doctor --field verdict' },
  ]

  static override flags = { strict: Flags.boolean({ description: 'warnings, too, are exit code 1', default: false }) }

  async run(): Promise<Diagnosis> {
    const { flags } = await this.parse(ClusterDoctor)
    const { client, settings, at } = await this.connect(flags)
    const timeoutMs = Math.min(settings.timeoutMs, memberTimeoutMs)
    // The first question of a process is slow: connections, code that was never run. It is not the cluster's fault.
    await client.status({ timeoutMs })
    const examined = await examine(settings.endpoints, endpoint => client.status({ endpoint, timeoutMs }), at)
    const diagnosis = diagnosisOf(findingsOf(examined))
    this.print(diagnosis, diagnosisView, flags)
    if (diagnosis.verdict === 'bad' || (flags.strict && diagnosis.verdict !== 'ok')) process.exitCode = 1
    return diagnosis
  }
}
