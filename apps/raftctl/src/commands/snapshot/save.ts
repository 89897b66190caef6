import { existsSync } from 'node:fs'
import { Args, Flags } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { bytesText, count } from '../../output/units.ts'
import { Progress } from '../../progress/progress.ts'
import { saveFile } from '../../snapshot/file.ts'
import type { SnapshotReport } from '../../snapshot/view.ts'

export default class SnapshotSave extends ClientCommand {
  static override summary = 'Save all keys, as of one moment, into a file'

  static override description =
    prose(`Writes go on meanwhile. The file is checked as it comes, and has its name only once it is whole and on disk. "snapshot restore"
makes a cluster of it again; what "kv export" writes is for people and other programs.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> snapshot save backup.kv',
    { description: 'Every night', command: '<%= config.bin %> snapshot save backup-$(date +%F).kv' },
    { description: 'From a node that does not lead', command: '<%= config.bin %> snapshot save backup.kv --endpoint 127.0.0.1:8280' },
  ]

  static override args = { file: Args.string({ description: 'the file to write', required: true, ignoreStdin: true }) }

  static override flags = { overwrite: Flags.boolean({ description: 'replace a file that is there already', default: false }) }

  async run(): Promise<SnapshotReport> {
    const { args, flags } = await this.parse(SnapshotSave)
    if (!flags.overwrite && existsSync(args.file)) this.fail(`${args.file} is there already; name another file, or say --overwrite`)
    const { client } = await this.connect(flags)
    const data = await client.admin.downloadSnapshot()
    const progress = await Progress.start('snapshot', 0)
    const report = await saveFile(data, args.file, progress).finally(() => progress.end())
    const table = ({ keys, revision, bytes, file }: SnapshotReport) =>
      `${file}: ${count(keys, 'key')} as of revision ${revision}, ${bytesText(bytes)}, checked`
    this.print(report, { table }, flags)
    return report
  }
}
