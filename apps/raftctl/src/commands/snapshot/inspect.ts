import { Args } from '@oclif/core'
import { RaftCommand } from '../../command/base.ts'
import { outputFlags } from '../../command/output-flags.ts'
import { printer } from '../../command/print.ts'
import { prose } from '../../command/prose.ts'
import { Progress } from '../../progress/progress.ts'
import { inspectFile, sizeOf } from '../../snapshot/file.ts'
import { type SnapshotReport, snapshotText } from '../../snapshot/view.ts'

export default class SnapshotInspect extends RaftCommand {
  static override summary = 'Check a saved snapshot, and show what it holds'

  static override description =
    prose(`Reads all of it, in little memory, and compares the checksum; needs no cluster. A file that is damaged is
exit code 1, so that a script can check last night's backup.`)

  static override examples = [
    '<%= config.bin %> snapshot inspect backup.kv',
    { description: 'In a script', command: '<%= config.bin %> snapshot inspect backup.kv --field keys' },
  ]

  static override args = { file: Args.string({ description: 'a file of "snapshot save"', required: true, ignoreStdin: true }) }
  static override flags = outputFlags

  async run(): Promise<SnapshotReport> {
    const { args, flags } = await this.parse(SnapshotInspect)
    const progress = await Progress.start('inspect', await sizeOf(args.file))
    const report = await inspectFile(args.file, progress).finally(() => progress.end())
    printer(flags).print(report, { table: snapshotText })
    return report
  }
}
