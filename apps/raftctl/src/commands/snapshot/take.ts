import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'

type Taken = { readonly index: number }

export default class SnapshotTake extends ClientCommand {
  static override summary = 'Let a node write its own snapshot now, and shorten its log'

  static override description =
    prose(`Nodes do so by themselves after so many entries or bytes; before a restart it makes the next start shorter. The snapshot stays in the
data folder. To get one out of a cluster: "snapshot save".

${exitCodesHelp}`)

  static override examples = ['<%= config.bin %> snapshot take --endpoint localhost:8280']

  async run(): Promise<Taken> {
    const { flags } = await this.parse(SnapshotTake)
    const { client } = await this.connect(flags)
    const taken = await client.admin.takeSnapshot()
    this.print(taken, { table: ({ index }) => `the snapshot reaches index ${index}` }, flags)
    return taken
  }
}
