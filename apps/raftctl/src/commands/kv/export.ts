import type { WriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { Args, Flags } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { readFlags, readOptions } from '../../kv/read-flags.ts'
import { untilClosed } from '../../output/pipe.ts'
import { count } from '../../output/units.ts'
import { lineOf } from '../../transfer/export-line.ts'

type Exported = { readonly keys: number; readonly file: string | null }

export default class KvExport extends ClientCommand {
  static override summary = 'Write keys with their values as lines of JSON'

  static override description =
    prose(`One key a line: {"key":"a","value":"1"}, or keyBase64 and valueBase64 where bytes are not UTF-8. "kv import" reads it again, into
any cluster. Revisions, leases and times to live are not in it. With --to the answer goes to the standard output, otherwise the lines do, and
nothing else.

Pages of a thousand keys are each of their own moment; "snapshot save" is one moment of all.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> kv export --to keys.ndjson',
    { description: 'Only those below app/, compressed', command: '<%= config.bin %> kv export app/ | gzip > app.ndjson.gz' },
    {
      description: 'Into another cluster',
      command: '<%= config.bin %> kv export --context old | <%= config.bin %> kv import - --context new',
    },
  ]

  static override args = { prefix: Args.string({ description: 'what the keys begin with; without it, all', ignoreStdin: true }) }

  static override flags = {
    ...readFlags,
    to: Flags.string({ helpValue: 'FILE', description: 'write here; a file that is there is an error' }),
  }

  async run(): Promise<Exported> {
    const { args, flags } = await this.parse(KvExport)
    const { client } = await this.connect(flags)
    const file = flags.to === undefined ? undefined : await this.#create(flags.to)
    const written = file === undefined ? undefined : finished(file)
    written?.catch(() => {}) // it is awaited below, however early it comes
    let keys = 0
    for await (const { key, value } of client.list({ ...readOptions(flags), prefix: args.prefix, pageSize: 1_000 })) {
      const line = lineOf(key, value)
      const isTaken = (file ?? process.stdout).write(line)
      if (!isTaken && file !== undefined) await Promise.race([new Promise<void>(resolve => file.once('drain', () => resolve())), written])
      if (untilClosed.aborted) break
      keys++
    }
    file?.end()
    await written
    const exported = { keys, file: flags.to ?? null }
    if (flags.to !== undefined) this.print(exported, { table: () => `${count(keys, 'key')} written to ${flags.to}` }, flags)
    return exported
  }

  async #create(file: string): Promise<WriteStream> {
    try {
      return (await open(file, 'wx')).createWriteStream()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') this.fail(`${file} is there already; name another file, or remove that one`)
      return this.fail(`${file} cannot be written (${code}); name another file`)
    }
  }
}
