import { RaftCommand } from '../../command/base.ts'
import { outputFlags } from '../../command/output-flags.ts'
import { printer } from '../../command/print.ts'
import { readContexts } from '../../context/contexts.ts'
import { contextTable, type ShownContext, shownContext } from '../../context/view.ts'

type Listed = { readonly contexts: readonly ShownContext[] }

export default class ContextList extends RaftCommand {
  static override summary = 'Show the contexts there are, and which is in use'

  static override description = 'Of a token only that there is one is shown.'

  static override examples = [
    '<%= config.bin %> context list',
    { description: 'Names alone', command: '<%= config.bin %> context list --output csv | cut -d, -f1' },
  ]

  static override flags = outputFlags

  async run(): Promise<Listed> {
    const { flags } = await this.parse(ContextList)
    const all = await readContexts()
    const listed = { contexts: Object.keys(all.contexts).map(name => shownContext(all, name)) }
    const none = `no contexts yet; make one with: ${this.config.bin} context set prod --endpoints HOST:PORT`
    printer(flags).print(listed, {
      table: ({ contexts }) => (contexts.length === 0 ? none : contextTable(contexts)),
      rows: ({ contexts }) => contexts,
    })
    return listed
  }
}
