import type { Lease } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { leaseView } from '../../kv/lease-rows.ts'

export default class LeaseList extends ClientCommand {
  static override summary = 'Show the leases that live'

  static override description = exitCodesHelp

  static override examples = ['<%= config.bin %> lease list', '<%= config.bin %> lease list --field lease']

  async run(): Promise<readonly Lease[]> {
    const { flags } = await this.parse(LeaseList)
    const { client } = await this.connect(flags)
    const leases = await client.leases.list()
    const rows = this.rows(leaseView, flags, 'list')
    rows.print(leases)
    rows.end()
    return leases
  }
}
