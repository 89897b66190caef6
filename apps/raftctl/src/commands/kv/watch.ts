import { Args, Flags } from '@oclif/core'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { untilInterrupted } from '../../command/interrupt.ts'
import { prose } from '../../command/prose.ts'
import { changeRow, changeView } from '../../kv/rows.ts'
import { untilClosed } from '../../output/pipe.ts'
import { runFor } from '../../watch/run-for.ts'

export default class KvWatch extends ClientCommand {
  static override summary = 'Print changes as they happen, or run a command for each'

  static override description =
    prose(`Goes on until Ctrl-C, also when a node fails: it then asks the next one, and neither misses nor repeats a change. In json each change
is a document of its own on one line, in csv a line.

--exec hands a command line to the shell for each change, one after the other: the value is its standard input, and RAFTCTL_WATCH_TYPE (put or
delete), RAFTCTL_WATCH_KEY, RAFTCTL_WATCH_VALUE (where it is text) and RAFTCTL_WATCH_REVISION say what happened. If it fails the watch ends
with exit code 1, and says from which revision to go on.

${exitCodesHelp}`)

  static override usage = 'kv watch KEY|--prefix PREFIX|--all-keys [FLAGS]'

  static override examples = [
    '<%= config.bin %> kv watch config',
    { description: 'All below app/, for programs', command: '<%= config.bin %> kv watch --prefix app/ --output json' },
    {
      description: 'Reload at each change',
      command: `<%= config.bin %> kv watch nginx.conf --exec 'cat > /etc/nginx/nginx.conf && nginx -s reload'`,
    },
    { description: 'Everything since a revision, such as that of a backup', command: '<%= config.bin %> kv watch --all-keys --since 1042' },
    { description: 'Wait for one change', command: '<%= config.bin %> kv watch ready --count 1' },
  ]

  static override args = { key: Args.string({ description: 'the key to watch', ignoreStdin: true }) }

  static override flags = {
    prefix: Flags.string({ char: 'p', helpValue: 'PREFIX', description: 'all keys that begin with this' }),
    'all-keys': Flags.boolean({ description: 'every key there is', default: false, exclusive: ['prefix'] }),
    since: Flags.integer({ helpValue: 'REVISION', description: 'what came after this, and then what comes [from now on]', min: 0 }),
    exec: Flags.string({ helpValue: 'COMMAND', description: 'run this for each change instead of printing it' }),
    count: Flags.integer({ char: 'n', helpValue: 'N', description: 'end after so many changes', min: 1 }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(KvWatch)
    const { key } = args
    const prefix = flags['all-keys'] ? '' : flags.prefix
    if ((key === undefined) === (prefix === undefined))
      this.fail('say what to watch: a KEY, or else --prefix or --all-keys', exitCodes.usage)
    const { client } = await this.connect(flags)
    const signal = AbortSignal.any([untilClosed, untilInterrupted()])
    const printer = this.rows(changeView, flags, 'stream')
    let [left, done] = [flags.count ?? Number.POSITIVE_INFINITY, flags.since]
    for await (const { revision, changes } of client.watch({ key, prefix, since: flags.since, signal })) {
      const told = changes.slice(0, left)
      if (flags.exec === undefined) printer.print(told.map(change => changeRow(revision, change)))
      else for (const change of told) await this.#run(flags.exec, revision, change, done)
      done = revision
      left -= told.length
      if (left <= 0) return
    }
  }

  async #run(command: string, revision: number, change: Parameters<typeof runFor>[1]['change'], done: number | undefined): Promise<void> {
    const how = await runFor(command, { revision, change })
    if (how === undefined) return
    const again = done === undefined ? '' : `; to try it again: --since ${done}`
    this.fail(`the command for revision ${revision} ${how}${again}; to go on after it: --since ${revision}`)
  }
}
