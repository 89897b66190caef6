import { Args } from '@oclif/core'
import { RaftCommand } from '../../command/base.ts'
import { outputFlags } from '../../command/output-flags.ts'
import { printer } from '../../command/print.ts'
import { contextNamed, readContexts, writeContexts } from '../../context/contexts.ts'
import { type ShownContext, shownContext } from '../../context/view.ts'

export default class ContextUse extends RaftCommand {
  static override summary = 'Ask this cluster from now on'

  static override description = 'Flags and variables still count for more, so RAFTCTL_ENDPOINTS would keep it from having any effect.'

  static override examples = ['<%= config.bin %> context use prod']

  static override args = { name: Args.string({ description: 'the context', required: true, ignoreStdin: true }) }
  static override flags = outputFlags

  async run(): Promise<ShownContext> {
    const { args, flags } = await this.parse(ContextUse)
    const before = await readContexts()
    contextNamed(before, args.name)
    const after = { ...before, current: args.name }
    await writeContexts(after)
    const shown = shownContext(after, args.name)
    printer(flags).print(shown, { table: ({ name, endpoints = [] }) => `${name} is in use: ${endpoints.join(', ') || '127.0.0.1:8180'}` })
    return shown
  }
}
