import { Args } from '@oclif/core'
import { RaftCommand } from '../../command/base.ts'
import { exitCodes } from '../../command/exit-codes.ts'
import { outputFlags } from '../../command/output-flags.ts'
import { printer } from '../../command/print.ts'
import { contextNamed, readContexts } from '../../context/contexts.ts'
import { contextTable, type ShownContext, shownContext } from '../../context/view.ts'

export default class ContextShow extends RaftCommand {
  static override summary = 'Show one context: the named one, or the one in use'

  static override examples = [
    '<%= config.bin %> context show',
    { description: 'For a script', command: '<%= config.bin %> context show prod --field endpoints.0' },
  ]

  static override args = { name: Args.string({ description: 'the context; without it the one in use', ignoreStdin: true }) }
  static override flags = outputFlags

  async run(): Promise<ShownContext> {
    const { args, flags } = await this.parse(ContextShow)
    const all = await readContexts()
    const name = args.name ?? all.current
    if (name === null) this.fail(`no context is in use; choose one with: ${this.config.bin} context use NAME`, exitCodes.notFound)
    contextNamed(all, name)
    const shown = shownContext(all, name)
    printer(flags).print(shown, { table: one => contextTable([one]) })
    return shown
  }
}
