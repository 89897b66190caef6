import type { MemberStatus } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import type { RowView } from '../../output/rows.ts'

const view: RowView<MemberRow> = {
  columns: [
    ['ID', ({ id }) => id],
    ['KIND', ({ kind }) => kind],
    ['LEADS', ({ leads }) => (leads ? 'yes' : '')],
    ['ADDRESS', ({ address }) => address],
    ['CLIENTS', ({ clientAddress }) => clientAddress || '-'],
    ['REACHABLE', ({ reachable }) => (reachable ? 'yes' : 'no')],
  ],
  fields: ['id', 'kind', 'leads', 'address', 'clientAddress', 'reachable', 'incarnation'],
}

type MemberRow = Pick<MemberStatus, 'id' | 'address' | 'clientAddress' | 'reachable' | 'incarnation'> & {
  readonly kind: 'voter' | 'learner'
  readonly leads: boolean
}

export default class ClusterMembers extends ClientCommand {
  static override summary = 'List who belongs to the cluster, as one node knows it'

  static override description = `Asks one node alone, which "cluster status" does not: that shows how each member is.\n\n${exitCodesHelp}`

  static override examples = [
    '<%= config.bin %> cluster members',
    {
      description: 'The addresses of all, for --endpoints',
      command: '<%= config.bin %> cluster members --field clientAddress | paste -sd,',
    },
  ]

  async run(): Promise<readonly MemberRow[]> {
    const { flags } = await this.parse(ClusterMembers)
    const { client } = await this.connect(flags)
    const { leader, members } = await client.members()
    const rows = members.map(({ id, voter, address, clientAddress, reachable, incarnation }) => {
      return {
        id,
        kind: voter ? ('voter' as const) : ('learner' as const),
        leads: id === leader?.id,
        address,
        clientAddress,
        reachable,
        incarnation,
      }
    })
    const printer = this.rows(view, flags, 'list')
    printer.print(rows)
    printer.end()
    return rows
  }
}
