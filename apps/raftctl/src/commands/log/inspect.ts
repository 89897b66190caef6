import { Args, Flags } from '@oclif/core'
import { RaftCommand } from '../../command/base.ts'
import { outputFlags } from '../../command/output-flags.ts'
import { prose } from '../../command/prose.ts'
import { type FolderReport, folderReport } from '../../folder/report.ts'
import { folderView } from '../../folder/view.ts'
import { render } from '../../output/render.ts'

export default class LogInspect extends RaftCommand {
  static override summary = 'Show what a data folder holds, and where it is damaged'

  static override description = prose(`Reads the folder of a node that is stopped, of either log store, and changes nothing in it.

VERDICT is sound; new, where nothing was saved yet; torn, where a crash has left an end that nobody was told about and a start drops; or
damaged, where a node refuses to start from it. Then DAMAGE says what is wrong and where.`)

  static override examples = [
    '<%= config.bin %> log inspect /tmp/raft1',
    { description: 'Every entry, for a spreadsheet', command: '<%= config.bin %> log inspect /tmp/raft1 --entries --output csv' },
    { description: 'In a script', command: '<%= config.bin %> log inspect /tmp/raft1 --field verdict' },
  ]

  static override args = {
    dir: Args.string({ description: 'the data folder, for example /tmp/raft1', required: true, ignoreStdin: true }),
  }

  static override flags = {
    ...outputFlags,
    entries: Flags.boolean({ description: 'list every entry: index, term, type and bytes', default: false }),
  }

  async run(): Promise<FolderReport> {
    const { args, flags } = await this.parse(LogInspect)
    const { inspect } = await import('raft-node/inspect')
    const report = folderReport(await inspect(args.dir), flags.entries)
    process.stdout.write(`${render(report, folderView, flags)}\n`)
    return report
  }
}
