import { Flags } from '@oclif/core'
import { type ChaosReport, chaosView } from '../chaos/report.ts'
import { LiveScreen, PlainScreen } from '../chaos/screen.ts'
import { RaftCommand } from '../command/base.ts'
import { exitCodes } from '../command/exit-codes.ts'
import { outputFlags } from '../command/output-flags.ts'
import { prose } from '../command/prose.ts'
import { render } from '../output/render.ts'

/** Stated here and not imported: the faults come with raft-sim, which only a running experiment loads. A test holds the two together. */
const faultNames = ['kill', 'stop', 'pause', 'cut', 'one-way', 'isolate', 'slow-link', 'slow-disk', 'full-disk', 'failing-flush']

export default class Chaos extends RaftCommand {
  static override summary = 'Break a cluster of real processes under load, and judge what its clients saw'

  static override description =
    prose(`Starts a cluster of its own on this machine, and clients that read, write and compare-and-set a few keys on all of its nodes. Meanwhile
processes are killed and paused, connections cut, blocked one way and slowed down, disks fill up, stall and fail; in storms many of these
overlap. Then everything is healed: every node must serve again, all must hold the same data, and what the clients saw must be linearizable.
An experiment in which little was done proves nothing, so it fails too.

It touches no other cluster, listens on 127.0.0.1 only, and leaves nothing behind unless it fails; then it says where the history is.
Ctrl-C ends it early and judges what there is; a second time stops everything at once. The same --seed gives the same plan of faults; what real processes make of it differs from run to run.

Exit codes: 0 passed, 1 failed, 2 wrong command line.`)

  static override examples = [
    '<%= config.bin %> chaos --minutes 3',
    { description: 'Only what the network can do', command: '<%= config.bin %> chaos --faults cut,one-way,isolate,slow-link' },
    { description: 'For a pipeline: the summary as JSON', command: '<%= config.bin %> chaos --minutes 1 --output json' },
  ]

  static override flags = {
    ...outputFlags,
    minutes: Flags.string({ helpValue: 'N', description: 'how long; 0.5 is half a minute', default: '3' }),
    nodes: Flags.integer({
      helpValue: 'N',
      description: 'how many nodes; three or more, so that there is a majority to be lost',
      default: 5,
      min: 3,
      max: 9,
    }),
    clients: Flags.integer({ helpValue: 'N', description: 'how many clients', default: 8, min: 1, max: 64 }),
    seed: Flags.integer({ helpValue: 'N', description: 'which plan of faults; drawn when absent', min: 0 }),
    faults: Flags.string({
      helpValue: 'NAMES',
      description: `which faults: ${faultNames.join(', ')}`,
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      options: faultNames,
      default: faultNames,
      defaultHelp: async () => 'all',
    }),
    reads: Flags.option({ options: ['linearizable', 'lease', 'stale'] as const })({
      description: 'how clients read; with stale an experiment fails, as it should: it shows that the judge sees it',
      default: 'linearizable',
    }),
    'log-store': Flags.option({ options: ['level', 'wal', 'both'] as const })({
      description: 'what the nodes keep their log in; both: some the one, some the other',
      default: 'both',
    }),
    'min-rate': Flags.integer({
      helpValue: 'N',
      description: 'fewer operations a second, on average, fail',
      default: 50,
      min: 1,
    }),
    dir: Flags.string({ helpValue: 'DIR', description: 'an empty folder for data and history, which are then kept' }),
  }

  async run(): Promise<ChaosReport> {
    const { flags } = await this.parse(Chaos)
    const durationMs = Number(flags.minutes) * 60_000
    if (!(durationMs > 0)) this.fail(`--minutes ${flags.minutes} is not a number above 0, such as 3 or 0.5`, exitCodes.usage)
    const [{ runChaos }, { killAll }, sim] = await Promise.all([
      import('../chaos/run.ts'),
      import('../chaos/chaos-node.ts'),
      import('raft-sim'),
    ])
    const say = (line: string) => void process.stderr.write(`${line}\n`)
    const stop = new AbortController()
    const hurry = () => {
      killAll()
      process.exit(130)
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (stop.signal.aborted ? hurry() : stop.abort()))
    const report = await runChaos(
      {
        durationMs,
        nodes: flags.nodes,
        clients: flags.clients,
        seed: flags.seed ?? Math.floor(Math.random() * 1_000_000),
        faults: flags.faults,
        reads: flags.reads,
        logStore: flags['log-store'],
        rateMin: flags['min-rate'],
        dir: flags.dir,
        screen: process.stderr.isTTY ? new LiveScreen(process.stderr) : new PlainScreen(say),
        say,
        signal: stop.signal,
      },
      sim,
    )
    process.stdout.write(`${render(report, chaosView, flags)}\n`)
    if (!report.passed) process.exitCode = exitCodes.failed
    return report
  }
}
