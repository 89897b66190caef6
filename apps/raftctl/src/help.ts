import { CommandHelp, Help } from '@oclif/core'
import { exitCodes } from './command/exit-codes.ts'
import { unknownCommandLine } from './command/unknown-command.ts'
import { exitWhenOutputIsLost } from './output/lost.ts'
import { rootHelp } from './root-help.ts'

class ExamplesFirst extends CommandHelp {
  /** Which flags there are stands below; all of them in one line would hide what matters. */
  protected override defaultUsage(): string {
    const args = Object.values(this.command.args).filter(({ hidden }) => !hidden)
    return [this.command.id, ...args.map(arg => this.arg(arg)), '[FLAGS]'].join(' ')
  }

  protected override sections(): ReturnType<CommandHelp['sections']> {
    const sections = super.sections()
    const place = new Map(['USAGE', 'EXAMPLES', 'DESCRIPTION', 'ARGUMENTS', 'FLAGS'].map((header, at) => [header, at]))
    return sections.sort((a, b) => (place.get(a.header) ?? place.size) - (place.get(b.header) ?? place.size))
  }

  /** A line that says what for, as a comment, and one to paste: never broken, whatever the width. */
  protected override examples(examples: Parameters<CommandHelp['examples']>[0]): string | undefined {
    if (examples === undefined || typeof examples === 'string') return super.examples(examples)
    const texts = examples.map(example => {
      if (typeof example === 'string') return `$ ${this.render(example)}`
      return `${this.wrap(`# ${this.render(example.description)}`, 4)}\n$ ${this.render(example.command)}`
    })
    return texts.join('\n')
  }

  /** The summary stands above everything already. */
  protected override description(): string | undefined {
    return this.command.description === undefined ? undefined : this.wrap(this.command.description)
  }
}

/** `--help`: examples first, for that is what people look for; the flags that all commands share last. */
export default class RaftHelp extends Help {
  protected override CommandHelpClass = ExamplesFirst

  /** Words that are no command are answered as they are without `--help`. */
  override async showHelp(argv: string[]): Promise<void> {
    exitWhenOutputIsLost(this.config.bin)
    try {
      await super.showHelp(argv)
    } catch (error) {
      const [, id] = /^Command (\S+) not found\.$/.exec((error as Error).message) ?? []
      if (id === undefined) throw error
      process.stderr.write(unknownCommandLine(id, this.config))
      process.exitCode = exitCodes.usage
    }
  }

  protected override async showRootHelp(): Promise<void> {
    const isTop = (name: string) => !name.includes(':')
    const commands = this.sortedCommands.filter(({ id }) => isTop(id)).map(({ id, summary = '' }) => [id, summary] as const)
    const topics = this.sortedTopics.filter(({ name }) => isTop(name)).map(({ name, description = '' }) => [name, description] as const)
    this.log(rootHelp(this.config, [...topics, ...commands]))
  }
}
