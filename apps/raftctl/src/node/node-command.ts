import { RaftCommand } from '../command/base.ts'
import { exitCodes } from '../command/exit-codes.ts'
import { withTwoDashes } from '../command/single-dash.ts'
import { table } from '../output/table.ts'
import { type FileSettings, type FlagShape, settingsOfFile, sourceOf } from './config-file.ts'
import { type NodeFlags, runNode } from './run.ts'

type Flags = Readonly<Record<string, FlagShape>>
type Settings = Omit<NodeFlags, 'dir'> & { readonly 'print-config': boolean }
type Parsed = { readonly args: { readonly dir: string | undefined }; readonly flags: Settings }
type Needs = { readonly shapes: Flags; readonly needsJoin: boolean }
/** As oclif reads them from the environment. */
const booleans = ['true', 'yes', 'y', '1', 'false', 'no', 'n', '0', '']
/** Not for everybody's eyes. */
const secrets = ['join-secret']

/** A command that runs a node, with settings from flags, the environment (RAFT_…) and a file: the first of them that has one counts. */
export abstract class NodeCommand extends RaftCommand {
  protected override readonly needsItsOutput = false

  /** `parse` reads the words of all sources together. */
  protected async runWith(parse: (argv: string[]) => Promise<Parsed>, { shapes, needsJoin }: Needs): Promise<void> {
    const argv = withTwoDashes(this.argv)
    this.#checkBooleans(shapes)
    const file = settingsOfFile(argv, process.env, shapes)
    const { args, flags } = await parse([...file.words, ...argv])
    const dir = args.dir ?? (process.env.RAFT_DIR || file.dir)
    if (flags['print-config']) return this.#print({ ...flags, dir }, shapes, argv, file)
    const help = `"${this.config.bin} ${this.id?.replaceAll(':', ' ')} --help" shows what there is`
    if (needsJoin && !flags.join?.length) this.fail(`missing --join, the HTTP address of a member; ${help}`, exitCodes.usage)
    if (dir === undefined)
      this.fail(`missing DIR, the folder for the node's data, made when absent, for example /tmp/raft1; ${help}`, exitCodes.usage)
    await runNode({ ...flags, dir }, this.config.bin)
  }

  /** What is neither would be taken for no, and the node would do without what was asked for. */
  #checkBooleans(shapes: Flags): void {
    for (const { type, env } of Object.values(shapes)) {
      const value = type === 'boolean' && env !== undefined ? process.env[env] : undefined
      if (value === undefined || booleans.includes(value.toLowerCase())) continue
      this.fail(`${env} is ${JSON.stringify(value)}: give true or false`, exitCodes.usage)
    }
  }

  #print(settings: Readonly<Record<string, unknown>>, shapes: Flags, argv: readonly string[], file: FileSettings): void {
    const rows = Object.entries(shapes).flatMap(([name, shape]) => {
      if (name === 'print-config') return []
      const value = settings[name]
      const shown = secrets.includes(name) && value !== undefined ? '(set)' : String(value ?? '')
      return [[name, shown, sourceOf(name, shape, argv, process.env, file), shape.env ?? '']]
    })
    const header = ['SETTING', 'VALUE', 'FROM', 'ENVIRONMENT']
    process.stdout.write(`${table(header, [['dir', String(settings.dir ?? ''), '', 'RAFT_DIR'], ...rows])}\n`)
  }
}
