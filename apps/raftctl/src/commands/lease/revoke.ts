import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { leaseArg } from '../../kv/lease-arg.ts'
import { count } from '../../output/units.ts'

type Revoked = { readonly lease: number; readonly deleted: number; readonly revision: number }

export default class LeaseRevoke extends ClientCommand {
  static override summary = 'End a lease now, with its keys and locks'

  static override description = exitCodesHelp

  static override examples = ['<%= config.bin %> lease revoke 42']

  static override args = leaseArg

  async run(): Promise<Revoked> {
    const { args, flags } = await this.parse(LeaseRevoke)
    const { client } = await this.connect(flags)
    const revoked = { lease: args.lease, ...(await client.leases.revoke(args.lease)) }
    this.print(revoked, { table: ({ lease, deleted }) => `lease ${lease} has ended, and with it ${count(deleted, 'key')}` }, flags)
    return revoked
  }
}
