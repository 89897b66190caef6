import { prose } from '../../command/prose.ts'
import { nodeArgs, startFlags } from '../../node/flags.ts'
import { aboutWiped } from '../../node/help.ts'
import { NodeCommand } from '../../node/node-command.ts'

export default class NodeStart extends NodeCommand {
  static override summary = 'Run a node: found a cluster, join one, or go on with a folder'

  static override description = prose(`An empty folder founds a new cluster of one node, unless --join names a member of an existing one.
A folder that has a cluster goes on where it stopped; it needs no --join, and giving it again does no harm.
A new member gets a copy of the data first and votes once it has caught up, so a wrong address costs nothing.

The node runs until SIGTERM or Ctrl-C; then it hands leadership over, answers what is open and exits with 0 within two seconds.
Servers listen on this machine alone (localhost is 127.0.0.1) unless told otherwise.
Settings come from flags, from the environment (RAFT_…) and from the file of --config; the first of them that has one counts.

${aboutWiped}`)

  static override examples = [
    { description: 'The first node', command: '<%= config.bin %> node start --http localhost:8180 --raft localhost:8186 /tmp/raft1' },
    {
      description: 'A second, by the HTTP address of any member',
      command: '<%= config.bin %> node start --http localhost:8280 --raft localhost:8286 --join localhost:8180 /tmp/raft2',
    },
    {
      description: 'And a third',
      command: '<%= config.bin %> node start --http localhost:8380 --raft localhost:8386 --join localhost:8180 /tmp/raft3',
    },
    { description: 'A write, on any node', command: `curl -XPOST localhost:8180/key -d '{"foo": "bar"}'` },
    { description: 'A read, on any node', command: 'curl -XGET localhost:8280/key/foo' },
    {
      description: "The workshop's names for the flags work too",
      command: '<%= config.bin %> node start -httpaddr localhost:8180 --raftaddr localhost:8186 /tmp/raft1',
    },
  ]

  static override args = nodeArgs
  static override flags = startFlags

  async run(): Promise<void> {
    await this.runWith(argv => this.parse(NodeStart, argv), { shapes: startFlags, needsJoin: false })
  }
}
