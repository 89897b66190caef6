import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { Args, Flags } from '@oclif/core'
import type { KvClient } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { count } from '../../output/units.ts'
import { Progress } from '../../progress/progress.ts'
import { inspectFile, passing, sizeOf } from '../../snapshot/file.ts'

type Restored = { readonly keys: number; readonly revision: number }

export default class SnapshotRestore extends ClientCommand {
  static override summary = 'Make the cluster hold what a saved snapshot holds, and nothing else'

  static override description =
    prose(`Works on a running cluster: all keys change at one moment, and its nodes, members and revisions go on. Keys with a lease are left out.
Keys that are there are replaced only with --replace. The file is checked before anything is sent.

After a loss of all nodes: start a new cluster, and restore into it.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> snapshot restore backup.kv',
    { description: 'Over what is there', command: '<%= config.bin %> snapshot restore backup.kv --replace' },
  ]

  static override args = { file: Args.string({ description: 'a file of "snapshot save"', required: true, ignoreStdin: true }) }

  static override flags = { replace: Flags.boolean({ description: 'although the cluster holds keys: they are lost', default: false }) }

  async run(): Promise<Restored> {
    const { args, flags } = await this.parse(SnapshotRestore)
    const size = await sizeOf(args.file)
    const checking = await Progress.start('check', size)
    await inspectFile(args.file, checking).finally(() => checking.end())
    const { client } = await this.connect(flags)
    if (!flags.replace) await this.#requireEmpty(client)
    const progress = await Progress.start('restore', size)
    const data = Readable.from(
      passing(createReadStream(args.file), chunk => progress.add(chunk.length)),
      { objectMode: false },
    )
    const stream = Readable.toWeb(data) as ReadableStream<Uint8Array>
    const restored = await client.admin.restoreSnapshot(stream).finally(() => progress.end())
    this.print(restored, { table: shown => `the cluster holds ${count(shown.keys, 'key')} (revision ${shown.revision})` }, flags)
    return restored
  }

  /** Read linearizably: a node that is behind, or has just joined, may itself hold nothing. */
  async #requireEmpty(client: KvClient): Promise<void> {
    const { items } = await client.page({ keysOnly: true, pageSize: 1 })
    if (items.length === 0) return
    const { keys } = await client.status()
    const held = keys === 0 ? 'keys' : count(keys, 'key')
    this.fail(`the cluster holds ${held}, which a restore replaces; if that is meant, say --replace (and save them first)`)
  }
}
