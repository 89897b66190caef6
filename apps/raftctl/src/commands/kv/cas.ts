import { Args, Flags } from '@oclif/core'
import type { Expected } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { readStdin } from '../../command/stdin.ts'
import { type EntryRow, entryRow } from '../../kv/rows.ts'
import { cellOf } from '../../output/bytes.ts'

type Swapped = { readonly key: string; readonly swapped: boolean; readonly revision: number; readonly current?: EntryRow | null }

export default class KvCas extends ClientCommand {
  static override summary = 'Set a key only if it is what you expect'

  static override description =
    prose(`Compares and sets in one step, so that of two who try at once one succeeds. If the condition does not hold nothing is changed, the
exit code is 6, and the message says what is there instead.

${exitCodesHelp}`)

  static override usage = 'kv cas KEY VALUE --expect OLD|--revision N|--missing [FLAGS]'

  static override examples = [
    { description: 'From one value to another', command: '<%= config.bin %> kv cas state running --expect starting' },
    {
      description: 'Only if nobody wrote since',
      command: '<%= config.bin %> kv cas foo bar --revision $(<%= config.bin %> kv get foo --field modified)',
    },
    { description: 'Only if there is none yet', command: '<%= config.bin %> kv cas owner me --missing' },
  ]

  static override args = {
    key: Args.string({ description: 'the key', required: true, ignoreStdin: true }),
    value: Args.string({ description: 'its new value; - reads it from the standard input', ignoreStdin: true }),
  }

  static override flags = {
    expect: Flags.string({ helpValue: 'OLD', description: 'the value that it must have now', exclusive: ['revision', 'missing'] }),
    revision: Flags.integer({ helpValue: 'N', description: 'the revision of its last write', exclusive: ['missing'], min: 1 }),
    missing: Flags.boolean({ description: 'there must be no such key', default: false }),
  }

  async run(): Promise<Swapped> {
    const { args, flags } = await this.parse(KvCas)
    const { key } = args
    if (args.value === undefined) this.fail('missing VALUE, what to set the key to', exitCodes.usage)
    const expected = this.#expected(flags)
    const value = args.value === '-' ? await readStdin() : args.value
    const { client } = await this.connect(flags)
    const result = await client.cas(key, expected, value)
    if (result.swapped) {
      const swapped = { key, swapped: true, revision: result.revision }
      this.print(swapped, { table: () => `${key} is set (revision ${result.revision})` }, flags)
      return swapped
    }
    const { current } = result
    // Programs read it from the answer, people from the message.
    if (flags.output !== 'table' || flags.field !== undefined) {
      const row = { key, swapped: false, revision: result.revision, current: current === undefined ? null : entryRow(current) }
      this.print(row, { table: () => '' }, flags)
    }
    const found = current === undefined ? 'it is not there' : `it is ${cellOf(current.value)} (revision ${current.modified})`
    return this.fail(`${key} is not as expected: ${found}; nothing was changed`, exitCodes.conditionFailed)
  }

  #expected({ expect, revision, missing }: { expect?: string | undefined; revision?: number | undefined; missing: boolean }): Expected {
    if (missing) return 'absent'
    if (expect !== undefined) return { value: expect }
    return revision === undefined
      ? this.fail('say what you expect: --expect OLD, --revision N or --missing', exitCodes.usage)
      : { revision }
  }
}
