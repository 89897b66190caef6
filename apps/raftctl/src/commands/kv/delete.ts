import { Args, Flags } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { count } from '../../output/units.ts'

type Deleted = { readonly key?: string; readonly prefix?: string; readonly deleted: number; readonly revision: number }

export default class KvDelete extends ClientCommand {
  static override summary = 'Delete a key, or all that begin with a prefix'

  static override description =
    prose(`Returns once a majority of the nodes has the deletion on disk. A key that is not there is exit code 4; of a prefix without keys
nothing is said.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> kv delete foo',
    { description: 'All below app/, in one write', command: '<%= config.bin %> kv delete --prefix app/' },
  ]

  static override usage = 'kv delete KEY|--prefix PREFIX [FLAGS]'

  static override args = { key: Args.string({ description: 'the key to delete', ignoreStdin: true }) }

  static override flags = {
    prefix: Flags.string({ char: 'p', helpValue: 'PREFIX', description: 'delete all keys that begin with this; --all-keys for every key' }),
    'all-keys': Flags.boolean({ description: 'delete every key there is', exclusive: ['prefix'], default: false }),
  }

  async run(): Promise<Deleted> {
    const { args, flags } = await this.parse(KvDelete)
    const prefix = flags['all-keys'] ? '' : flags.prefix
    if ((args.key === undefined) === (prefix === undefined)) this.fail('give a KEY, or else --prefix or --all-keys', exitCodes.usage)
    if (flags.prefix === '') this.fail('an empty --prefix would mean every key: if that is meant, say --all-keys', exitCodes.usage)
    const { client } = await this.connect(flags)
    const answer = prefix === undefined ? await this.#one(client, args.key as string) : { prefix, ...(await client.deletePrefix(prefix)) }
    const table = ({ key, deleted, revision }: Deleted) =>
      key === undefined ? `${count(deleted, 'key')} deleted (revision ${revision})` : `${key} is deleted (revision ${revision})`
    this.print(answer, { table }, flags)
    return answer
  }

  async #one(client: Awaited<ReturnType<typeof this.connect>>['client'], key: string): Promise<Deleted> {
    const { revision, deleted } = await client.delete(key)
    if (!deleted) this.fail(`there is no key ${JSON.stringify(key)}`, exitCodes.notFound)
    return { key, deleted: 1, revision }
  }
}
