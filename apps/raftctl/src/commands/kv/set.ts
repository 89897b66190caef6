import { readFile } from 'node:fs/promises'
import { Args, Flags } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { durationFlag } from '../../command/duration.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { readStdin } from '../../command/stdin.ts'

type Written = { readonly key: string; readonly revision: number; readonly lease?: number }

export default class KvSet extends ClientCommand {
  static override summary = 'Set a key to a value'

  static override description =
    prose(`Returns once a majority of the nodes has the value on disk. The revision that it prints is the place of the write in the log.
A write whose answer is lost is not sent again: exit code 5 says that it may have happened. With --once it is sent again, under a key by
which the cluster knows it.

${exitCodesHelp}`)

  static override usage = 'kv set KEY VALUE [FLAGS]'

  static override examples = [
    '<%= config.bin %> kv set foo bar',
    { description: 'The value from the standard input, as it is', command: '<%= config.bin %> kv set config - < config.json' },
    { description: 'Or from a file', command: '<%= config.bin %> kv set logo.png --file logo.png' },
    { description: 'It goes after ten minutes', command: '<%= config.bin %> kv set session/7 ada --ttl 10m' },
    { description: 'Exactly once, whatever becomes of the answer', command: '<%= config.bin %> kv set foo bar --once' },
    { description: 'A value that starts with a dash', command: '<%= config.bin %> kv set -- foo -bar' },
  ]

  static override args = {
    key: Args.string({ description: 'the key to write', required: true, ignoreStdin: true }),
    // Not required as far as oclif knows: it takes an empty value, which is a value, for a missing one.
    value: Args.string({ description: 'its new value, which may be empty; - reads it from the standard input', ignoreStdin: true }),
  }

  static override flags = {
    file: Flags.string({ char: 'f', helpValue: 'FILE', description: 'the value is what this file holds' }),
    ttl: durationFlag('ttl', { description: 'the key goes after this time, unless it is written again' }),
    lease: Flags.integer({ helpValue: 'ID', description: 'the key goes with this lease', exclusive: ['ttl'], min: 1 }),
    once: Flags.boolean({ description: 'try again when an answer is lost; the cluster does it once', default: false }),
  }

  async run(): Promise<Written> {
    const { args, flags } = await this.parse(KvSet)
    const value = await this.#value(args, flags.file)
    const { client } = await this.connect(flags)
    const idempotencyKey = flags.once ? crypto.randomUUID() : undefined
    const { revision, lease } = await client.set(args.key, value, { ttlMs: flags.ttl, lease: flags.lease, idempotencyKey })
    const written = { key: args.key, revision, ...(lease !== undefined && { lease }) }
    const until = lease === undefined ? '' : `, with lease ${lease}`
    this.print(written, { table: ({ key, revision }) => `${key} is set (revision ${revision}${until})` }, flags)
    return written
  }

  async #value({ key, value }: { key: string; value?: string | undefined }, file: string | undefined): Promise<string | Uint8Array> {
    if (file !== undefined) {
      if (value !== undefined) this.fail('give a VALUE or --file, not both', exitCodes.usage)
      return readFile(file).catch(error =>
        this.fail(`${file} cannot be read (${error.code ?? error}); name a file that is there`, exitCodes.usage),
      )
    }
    if (value === undefined) this.fail(`missing VALUE; for an empty one: ${this.config.bin} kv set ${key} ''`, exitCodes.usage)
    return value === '-' ? readStdin() : value
  }
}
