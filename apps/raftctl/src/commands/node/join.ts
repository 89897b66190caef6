import { prose } from '../../command/prose.ts'
import { joinFlags, nodeArgs } from '../../node/flags.ts'
import { aboutWiped } from '../../node/help.ts'
import { NodeCommand } from '../../node/node-command.ts'

export default class NodeJoin extends NodeCommand {
  static override summary = 'Run a node that joins a cluster'

  static override description =
    prose(`As "node start", but never founds a cluster: --join is required. Any member may be named, also one that does not lead.
A new member gets a copy of the data first and votes once it has caught up, so a wrong address costs nothing.
A folder that has joined already goes on where it stopped.
Settings come from flags, from the environment (RAFT_…) and from the file of --config; the first of them that has one counts.

${aboutWiped}`)

  static override examples = [
    {
      description: 'A second node',
      command: '<%= config.bin %> node join --http localhost:8280 --raft localhost:8286 --join localhost:8180 /tmp/raft2',
    },
    {
      description: 'And a third',
      command: '<%= config.bin %> node join --http localhost:8380 --raft localhost:8386 --join localhost:8180 /tmp/raft3',
    },
    {
      description: 'After "rm -rf /tmp/raft2": a new folder in the place of the old one',
      command: '<%= config.bin %> node join --replace --http localhost:8280 --raft localhost:8286 --join localhost:8180 /tmp/raft2',
    },
  ]

  static override args = nodeArgs
  static override flags = joinFlags

  async run(): Promise<void> {
    await this.runWith(argv => this.parse(NodeJoin, argv), { shapes: joinFlags, needsJoin: true })
  }
}
