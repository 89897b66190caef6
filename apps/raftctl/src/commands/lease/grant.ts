import { Args } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { durationMs } from '../../command/duration.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { msText } from '../../output/units.ts'

type Granted = { readonly lease: number; readonly ttlMs: number; readonly revision: number }

export default class LeaseGrant extends ClientCommand {
  static override summary = 'Make a lease: keys that are set with it go when it ends'

  static override description =
    prose(`It ends after the time unless "lease keep-alive" renews it, at once with "lease revoke". A change of leader never shortens it.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> lease grant 10s',
    {
      description: 'A key that lives as long as this process',
      command:
        'L=$(<%= config.bin %> lease grant 10s --field lease); <%= config.bin %> kv set node/7 up --lease $L; <%= config.bin %> lease keep-alive $L',
    },
  ]

  static override args = { ttl: Args.string({ description: 'how long it lives, for example 10s', required: true, ignoreStdin: true }) }

  async run(): Promise<Granted> {
    const { args, flags } = await this.parse(LeaseGrant)
    const ttlMs = durationMs(args.ttl, 'TTL')
    const { client } = await this.connect(flags)
    const granted = await client.leases.grant(ttlMs)
    this.print(granted, { table: ({ lease, ttlMs }) => `lease ${lease} lives ${msText(ttlMs)}` }, flags)
    return granted
  }
}
