import { Command, Flags, type Interfaces } from '@oclif/core'
import { exitWhenOutputIsLost } from '../output/lost.ts'
import { Failure, failureOf } from './failure.ts'
import { withTwoDashes } from './single-dash.ts'

/** What all commands share: errors are one line on stderr, `raftctl: what is wrong; what to do`, and never a stack trace unasked. */
export abstract class RaftCommand extends Command {
  static override baseFlags: Interfaces.FlagInput = {
    debug: Flags.boolean({
      env: 'RAFTCTL_DEBUG',
      helpGroup: 'GLOBAL',
      description: 'after an error, where in the program it came from: for hunting a bug in raftctl itself',
      default: false,
    }),
  }

  /** Nodes run on without it. */
  protected readonly needsItsOutput: boolean = true

  protected override async init(): Promise<void> {
    await super.init()
    if (this.needsItsOutput) exitWhenOutputIsLost(this.config.bin)
  }

  protected override async parse<
    F extends Interfaces.OutputFlags<F>,
    B extends Interfaces.OutputFlags<B>,
    A extends Interfaces.OutputArgs<A>,
  >(options?: Interfaces.Input<F, B, A>, argv: string[] = this.argv): Promise<Interfaces.ParserOutput<F, B, A>> {
    return super.parse(options, withTwoDashes(argv))
  }

  protected override async catch(error: Error): Promise<never> {
    const failure = failureOf(error, `${this.config.bin} ${this.id?.replaceAll(':', ' ')}`)
    // A person sees one line; whoever hunts a bug in raftctl itself asks for more.
    if (this.#debugs()) this.logToStderr(error.stack)
    this.logToStderr(`${this.config.bin}: ${failure.message}`)
    return this.exit(failure.exitCode)
  }

  protected fail(message: string, exitCode?: number): never {
    throw new Failure(message, exitCode)
  }

  /** By the words themselves: it may be these that cannot be parsed. */
  #debugs(): boolean {
    const end = this.argv.indexOf('--')
    return Boolean(process.env.RAFTCTL_DEBUG) || this.argv.slice(0, end === -1 ? undefined : end).includes('--debug')
  }
}
