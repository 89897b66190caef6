import { Args, Flags } from '@oclif/core'
import { describeTolerance, toleranceOf } from '../../cluster/tolerance.ts'
import { ClientCommand } from '../../command/client-command.ts'
import { durationFlag } from '../../command/duration.ts'
import { endpointOf } from '../../command/endpoint.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { msText } from '../../output/units.ts'

type Invitation = {
  readonly id: string
  readonly secret: string
  readonly ttlMs: number
  /** To be run where the new node is to be. */
  readonly command: string
}

export default class ClusterAdd extends ClientCommand {
  static override summary = 'Let a new node in: a secret, and the command to start it with'

  static override description =
    prose(`A node asks for itself when it starts, since only it knows what its folder holds. This makes a secret that lets one node in, once,
within the time, and prints the command to run on the new machine. A cluster without tokens needs no secret, and takes it all the same.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> cluster add n4 --http 10.0.0.4:8180',
    { description: 'Only the command', command: '<%= config.bin %> cluster add n4 --http 10.0.0.4:8180 --field command' },
  ]

  static override args = { id: Args.string({ description: 'what the new node is to be called', required: true, ignoreStdin: true }) }

  static override flags = {
    http: Flags.string({ helpValue: 'HOST:PORT', description: 'where clients will reach it', required: true }),
    raft: Flags.string({ helpValue: 'HOST:PORT', description: 'where the other nodes will reach it [the port of --http plus 6]' }),
    dir: Flags.string({ helpValue: 'DIR', description: 'its data folder', default: './raft-data' }),
    ttl: durationFlag('ttl', { description: 'how long the secret is good for', value: '1h' }),
  }

  async run(): Promise<Invitation> {
    const { args, flags } = await this.parse(ClusterAdd)
    const { client, settings } = await this.connect(flags)
    const http = endpointOf(flags.http, '--http').replace('https://', '')
    const { members } = await client.members()
    if (members.some(({ id }) => id === args.id)) {
      this.fail(
        `${args.id} is a member already; take another name, or replace it: ${this.config.bin} node join --replace`,
        exitCodes.failed,
      )
    }
    const { secret, ttlMs } = await client.admin.createJoinSecret({ ttlMs: flags.ttl })
    const join = members.map(({ clientAddress }) => clientAddress).filter(address => address !== '')
    const raft = flags.raft === undefined ? [] : ['--raft', endpointOf(flags.raft, '--raft')]
    const words = ['node', 'join', '--id', args.id, '--http', http, ...raft, '--join', join.join(','), flags.dir]
    const invitation = { id: args.id, secret, ttlMs, command: `RAFT_JOIN_SECRET=${secret} ${this.config.bin} ${words.join(' ')}` }
    const voters = members.filter(({ voter }) => voter).length + 1
    this.print(invitation, { table: shown => this.#text(shown, voters, settings.isSecure) }, flags)
    return invitation
  }

  #text({ id, command, ttlMs }: Invitation, voters: number, isSecure: boolean): string {
    const own = isSecure ? '--tls-cert, --tls-key, --join-ca and --tokens' : '--tokens, if they have any'
    const then = describeTolerance(toleranceOf({ voters, reachable: voters }), true)
    return `Run this where ${id} is to be, within ${msText(ttlMs)}:\n\n  ${command}\n\nAdd what the other nodes were started with: ${own}.\nThen: ${then}`
  }
}
