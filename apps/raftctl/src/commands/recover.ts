import { Args, Flags } from '@oclif/core'
import type { Recovery } from 'raft-node/recover'
import { RaftCommand } from '../command/base.ts'
import { endpointOf } from '../command/endpoint.ts'
import { exitCodes } from '../command/exit-codes.ts'
import { outputFlags } from '../command/output-flags.ts'
import { printer } from '../command/print.ts'
import { prose } from '../command/prose.ts'

type Member = { readonly id: string; readonly address: string }

export default class Recover extends RaftCommand {
  static override summary = 'Make a new cluster of one folder, after a majority is lost for good'

  static override description =
    prose(`The last resort, where so many disks are lost that no majority will ever come back: with a majority nothing of this is needed, and a
single lost member is replaced by "node join --replace".

What only the lost members held is gone, and what nobody can tell to be committed is from now on. So ask every folder that is left, without
--yes, which changes nothing; take the one whose "lost" line names the highest term, and of those the highest entry; keep a copy of it. Then
say --yes, start its node, and let the others join with empty folders.

Exit codes: 0 done, or what would be done is shown; 1 the folder cannot be recovered, or a node runs on it; 2 wrong command line.`)

  static override examples = [
    { description: 'What would be done, and lost', command: '<%= config.bin %> recover /tmp/raft1 --member n1=localhost:8186' },
    { description: 'Do it', command: '<%= config.bin %> recover /tmp/raft1 --member n1=localhost:8186 --yes' },
  ]

  static override args = {
    dir: Args.string({ description: 'the data folder of a node that is stopped', required: true, ignoreStdin: true }),
  }

  static override flags = {
    member: Flags.string({
      char: 'm',
      helpValue: 'ID=HOST:PORT',
      description: 'who is in the new cluster, with its Raft address: the node of this folder, and if you like others with empty folders',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      required: true,
    }),
    yes: Flags.boolean({ description: 'do it; without this, say only what would be done', default: false }),
    ...outputFlags,
  }

  async run(): Promise<Recovery> {
    const { args, flags } = await this.parse(Recover)
    const members = flags.member.map(text => this.#memberOf(text))
    // Loaded when asked for: the stores are behind it.
    const { describeRecovery, recoverCluster } = await import('raft-node/recover')
    const recovery = await recoverCluster(args.dir, members, { dryRun: !flags.yes })
    const hint = flags.yes ? '' : '\nTo do it, say the same with --yes.'
    printer(flags).print(recovery, { table: shown => `${describeRecovery(shown)}${hint}`, rows: ({ commits }) => commits })
    return recovery
  }

  #memberOf(text: string): Member {
    const [, id, address] = /^([^=]+)=(.+)$/.exec(text.trim()) ?? []
    if (id === undefined || address === undefined) {
      this.fail(`--member: "${text}" is not a member; write ID=HOST:PORT, for example n1=localhost:8186`, exitCodes.usage)
    }
    return {
      id,
      address: endpointOf(address, '--member')
        .replace('https://', '')
        .replace(/^localhost:/, '127.0.0.1:'),
    }
  }
}
