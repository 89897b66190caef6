import { Args, Flags } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { readFlags, readOptions } from '../../kv/read-flags.ts'
import { entryRow, entryView, keyView } from '../../kv/rows.ts'
import { untilClosed } from '../../output/pipe.ts'

/** So many rows are printed at a time: enough to make a table of, and little to hold. */
const batchRows = 500

export default class KvList extends ClientCommand {
  static override summary = 'List keys in order, all or those that begin with a prefix'

  static override description =
    prose(`Printed while it is read, so that a million keys need no memory. In a table long values are cut short; other formats have all of
them. --field picks from each key, a line each.

A list of more than a thousand keys is read in pages, each as of its own moment; "snapshot save" is one moment of all.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> kv list',
    '<%= config.bin %> kv list app/',
    { description: 'The keys alone, one a line', command: '<%= config.bin %> kv list app/ --keys --field key' },
    { description: 'A range, for a spreadsheet', command: '<%= config.bin %> kv list --from a --to n --output csv' },
  ]

  static override args = { prefix: Args.string({ description: 'what the keys begin with; without it, all', ignoreStdin: true }) }

  static override flags = {
    ...readFlags,
    keys: Flags.boolean({ char: 'k', description: 'without the values', default: false }),
    from: Flags.string({ helpValue: 'KEY', description: 'begin with this key' }),
    to: Flags.string({ helpValue: 'KEY', description: 'end before this key' }),
    limit: Flags.integer({ char: 'n', helpValue: 'N', description: 'no more than so many', min: 1 }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(KvList)
    const { client } = await this.connect(flags)
    const { from, to, limit } = flags
    const options = { ...readOptions(flags), prefix: args.prefix, from, to, limit, pageSize: 1_000 }
    const printer = this.rows(flags.keys ? keyView : entryView, flags, 'list')
    let batch = []
    for await (const entry of flags.keys ? client.keys(options) : client.list(options)) {
      batch.push(entryRow(entry))
      if (batch.length < batchRows) continue
      if (untilClosed.aborted) return
      printer.print(batch)
      batch = []
    }
    printer.print(batch)
    printer.end()
  }
}
