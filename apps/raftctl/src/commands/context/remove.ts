import { Args } from '@oclif/core'
import { RaftCommand } from '../../command/base.ts'
import { outputFlags } from '../../command/output-flags.ts'
import { printer } from '../../command/print.ts'
import { contextNamed, readContexts, writeContexts } from '../../context/contexts.ts'

type Removed = { readonly name: string; readonly current: string | null }

export default class ContextRemove extends RaftCommand {
  static override summary = 'Forget a context'

  static override description = 'Forgets its token, too. If it was in use, none is afterwards. The cluster does not notice.'

  static override examples = ['<%= config.bin %> context remove test']

  static override args = { name: Args.string({ description: 'the context', required: true, ignoreStdin: true }) }
  static override flags = outputFlags

  async run(): Promise<Removed> {
    const { args, flags } = await this.parse(ContextRemove)
    const before = await readContexts()
    contextNamed(before, args.name)
    const { [args.name]: _, ...contexts } = before.contexts
    const current = before.current === args.name ? null : before.current
    await writeContexts({ current, contexts })
    const removed = { name: args.name, current }
    const next = current === null ? 'none is in use now' : `${current} is in use`
    printer(flags).print(removed, { table: ({ name }) => `${name} is forgotten; ${next}` })
    return removed
  }
}
