import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Args, Flags } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { Failure, failureOf } from '../../command/failure.ts'
import { prose } from '../../command/prose.ts'
import { count } from '../../output/units.ts'
import { Progress } from '../../progress/progress.ts'
import { batchesIn, linesIn, write } from '../../transfer/import-lines.ts'

type Imported = { readonly keys: number; readonly lines: number }

export default class KvImport extends ClientCommand {
  static override summary = 'Write the keys that "kv export" has written'

  static override description =
    prose(`Each key is set to its value, in batches that are done as a whole; keys that are not in the file stay as they are. If it ends early it
says how many lines are in; doing all of it again does no harm, and --skip leaves out what is done.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> kv import keys.ndjson',
    { description: 'From the standard input', command: 'zcat app.ndjson.gz | <%= config.bin %> kv import -' },
    { description: 'All of them below old/', command: '<%= config.bin %> kv import keys.ndjson --prefix old/' },
  ]

  static override args = { file: Args.string({ description: 'the file; - for the standard input', required: true, ignoreStdin: true }) }

  static override flags = {
    prefix: Flags.string({ char: 'p', helpValue: 'PREFIX', description: 'put this before every key', default: '' }),
    skip: Flags.integer({ helpValue: 'N', description: 'leave out the first lines', default: 0, min: 0 }),
  }

  async run(): Promise<Imported> {
    const { args, flags } = await this.parse(KvImport)
    const { client } = await this.connect(flags)
    const size = args.file === '-' ? 0 : await this.#sizeOf(args.file)
    const input = args.file === '-' ? process.stdin : createReadStream(args.file)
    const progress = await Progress.start('import', size)
    let [keys, lines] = [0, flags.skip]
    try {
      for await (const batch of batchesIn(skipping(linesIn(input.setEncoding('utf8')), flags.skip), flags.prefix)) {
        await write(client, batch)
        progress.add(batch.bytes)
        keys += batch.puts.length
        lines = flags.skip + batch.lastLine
      }
    } catch (error) {
      const { message, exitCode } = failureOf(error, this.config.bin)
      throw new Failure(`${message}; ${count(keys, 'key')} written: go on with --skip ${lines}`, exitCode)
    } finally {
      progress.end()
      input.destroy()
    }
    const imported = { keys, lines }
    this.print(imported, { table: () => `${count(keys, 'key')} written` }, flags)
    return imported
  }

  async #sizeOf(file: string): Promise<number> {
    try {
      return (await stat(file)).size
    } catch (error) {
      return this.fail(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}); name a file of "kv export"`, exitCodes.usage)
    }
  }
}

async function* skipping(lines: AsyncIterable<string>, skip: number): AsyncGenerator<string, void, undefined> {
  let number = 0
  for await (const line of lines) if (++number > skip) yield line
}
