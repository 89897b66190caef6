import { Args, Flags } from '@oclif/core'
import { RaftCommand } from '../../command/base.ts'
import { clientFlags } from '../../command/client-flags.ts'
import { endpointOf, listOf } from '../../command/endpoint.ts'
import { exitCodes } from '../../command/exit-codes.ts'
import { outputFlags } from '../../command/output-flags.ts'
import { printer } from '../../command/print.ts'
import { prose } from '../../command/prose.ts'
import { readStdinText } from '../../command/stdin.ts'
import { type Context, contextsFile, readContexts, writeContexts } from '../../context/contexts.ts'
import { type ShownContext, shownContext } from '../../context/view.ts'

/** Here a flag is what to keep, so no variable may fill it unasked. */
const kept = <Flag extends object>(flag: Flag): Flag => ({ ...flag, env: undefined, helpGroup: undefined })

export default class ContextSet extends RaftCommand {
  static override summary = 'Keep under a name whom to ask, and as whom'

  static override description = prose(`What is not given stays as it was. The first context is the one in use; "context use" takes another.

The file that holds them is <%= config.configDir %>/contexts.json or what RAFTCTL_CONFIG names; only its owner may read it.`)

  static override examples = [
    '<%= config.bin %> context set prod --endpoints 10.0.0.1:8180,10.0.0.2:8180,10.0.0.3:8180',
    {
      description: 'With TLS and a token, which is read from the standard input so that no list of processes shows it',
      command: '<%= config.bin %> context set prod --cacert ca.pem --token - < token',
    },
    { description: 'One command in another cluster', command: '<%= config.bin %> cluster status --context test' },
  ]

  static override args = { name: Args.string({ description: 'what to call it, for example prod', required: true, ignoreStdin: true }) }

  static override flags = {
    endpoints: kept(clientFlags.endpoints),
    token: Flags.string({ helpValue: 'TOKEN', description: 'where the servers ask for tokens; - reads it from the standard input' }),
    cacert: kept(clientFlags.cacert),
    cert: kept(clientFlags.cert),
    key: kept(clientFlags.key),
    timeout: kept(clientFlags.timeout),
    use: Flags.boolean({ description: 'and use it from now on', default: false }),
    ...outputFlags,
  }

  async run(): Promise<ShownContext> {
    const { args, flags } = await this.parse(ContextSet)
    const { name } = args
    if (!/^[\w.@-]+$/.test(name) || name.startsWith('-')) {
      this.fail(`"${name}" cannot be the name of a context: take letters, digits, ".", "_", "-" and "@"`, exitCodes.usage)
    }
    const before = await readContexts()
    const context = { ...before.contexts[name], ...(await contextFrom(flags)) }
    const current = flags.use || before.current === null ? name : before.current
    const after = { current, contexts: { ...before.contexts, [name]: context } }
    await writeContexts(after)
    const shown = shownContext(after, name)
    printer(flags).print(shown, {
      table: () => `${name} is kept in ${contextsFile()}${shown.current ? ', and in use' : `; use it with: context use ${name}`}`,
    })
    return shown
  }
}

type Given = { readonly [Name in keyof Context]?: Context[Name] | undefined }

async function contextFrom({ endpoints, token, cacert, cert, key, timeout }: Given): Promise<Context> {
  const given: Given = {
    endpoints: endpoints && listOf(endpoints).map(endpoint => endpointOf(endpoint, '--endpoints')),
    token: token === '-' ? (await readStdinText()).trim() : token,
    cacert,
    cert,
    key,
    timeout,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
