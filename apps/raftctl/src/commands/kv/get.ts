import { Args, Flags } from '@oclif/core'
import type { Bytes } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { readFlags, readOptions } from '../../kv/read-flags.ts'
import { type EntryRow, entryRow } from '../../kv/rows.ts'

export default class KvGet extends ClientCommand {
  static override summary = 'Print the value of a key'

  static override description =
    prose(`Prints the value as it is, and a newline; bytes that are not UTF-8 in base64, or with --raw as they are. The read is linearizable
unless another level is asked for: it shows every write that was acknowledged before, on any node.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> kv get foo',
    { description: 'From another node', command: '<%= config.bin %> kv get foo --endpoint 127.0.0.1:8280' },
    { description: 'What one node has, though there is no leader', command: '<%= config.bin %> kv get foo --stale -e 127.0.0.1:8280' },
    { description: 'When was it written last?', command: '<%= config.bin %> kv get foo --field modified' },
    { description: 'Into a file, byte for byte', command: '<%= config.bin %> kv get logo.png --raw > logo.png' },
    { description: 'A key that starts with a dash', command: '<%= config.bin %> kv get -- -foo' },
  ]

  static override args = { key: Args.string({ description: 'the key to read', required: true, ignoreStdin: true }) }

  static override flags = {
    ...readFlags,
    raw: Flags.boolean({ description: 'the bytes of the value alone, without a newline', default: false, exclusive: ['field', 'output'] }),
  }

  async run(): Promise<EntryRow> {
    const { args, flags } = await this.parse(KvGet)
    const { client } = await this.connect(flags)
    const entry = await client.entry(args.key, readOptions(flags))
    if (entry === undefined) this.fail(`there is no key ${JSON.stringify(args.key)}`, exitCodes.notFound)
    const found = entryRow(entry)
    if (flags.raw) process.stdout.write(entry.value)
    else this.print(found, { table: () => this.#text(entry.value) }, flags)
    return found
  }

  #text(value: Bytes): string {
    if (typeof value === 'string') return value
    this.logToStderr(`${this.config.bin}: the value is not UTF-8, so this is base64; --raw writes it as it is`)
    return Buffer.from(value).toString('base64')
  }
}
