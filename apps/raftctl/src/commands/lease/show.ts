import type { Lease } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { leaseArg } from '../../kv/lease-arg.ts'
import { count, msText } from '../../output/units.ts'

export default class LeaseShow extends ClientCommand {
  static override summary = 'Show how long a lease lives, and how many keys with it'

  static override description = exitCodesHelp

  static override examples = ['<%= config.bin %> lease show 42', '<%= config.bin %> lease show 42 --field remainingMs']

  static override args = leaseArg

  async run(): Promise<Lease> {
    const { args, flags } = await this.parse(LeaseShow)
    const { client } = await this.connect(flags)
    const lease = await client.leases.get(args.lease)
    if (lease === undefined) this.fail(`there is no lease ${args.lease}: it has ended, or never was`, exitCodes.notFound)
    const table = ({ lease: id, ttlMs, remainingMs, keys }: Lease) =>
      `lease ${id} ends in ${msText(remainingMs)} of ${msText(ttlMs)} unless it is renewed, and with it ${count(keys, 'key')}`
    this.print(lease, { table }, flags)
    return lease
  }
}
