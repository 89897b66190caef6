import { Flags } from '@oclif/core'
import { measure } from '../../bench/load.ts'
import { judged, type PerfReport, type Size, sizes, verdictText } from '../../bench/verdict.ts'
import { measuredText } from '../../bench/view.ts'
import { BenchKeys } from '../../bench/workload.ts'
import { ClientCommand } from '../../command/client-command.ts'
import { durationFlag } from '../../command/duration.ts'
import { untilInterrupted } from '../../command/interrupt.ts'
import { prose } from '../../command/prose.ts'

export default class CheckPerf extends ClientCommand {
  static override summary = 'See whether a cluster keeps up with a load: PASS or FAIL'

  static override description = prose(`Writes at a steady rate: ${Object.entries(sizes)
    .map(([size, rate]) => `${size} ${rate}`)
    .join(', ')} a second. It passes with nine tenths of that, no answer slower than half a second, a standard deviation
below 100 ms, and no failure. The keys are below raftctl-bench/ and go at the end.

Exit codes: 0 passed, 1 failed, 2 wrong command line, 3 nobody answered.`)

  static override examples = [
    '<%= config.bin %> check perf',
    { description: 'More, for shorter', command: '<%= config.bin %> check perf --load m --duration 10s' },
  ]

  static override flags = {
    load: Flags.option({ options: Object.keys(sizes) as Size[] })({
      char: 'l',
      description: 'how much: from small to very large',
      default: 's',
    }),
    duration: durationFlag('duration', { description: 'for how long', value: '60s' }),
  }

  async run(): Promise<PerfReport> {
    const { flags } = await this.parse(CheckPerf)
    const { client } = await this.connect(flags)
    await client.status()
    const keys = new BenchKeys(client, { keys: 10_000, valueBytes: 256, reads: 0 })
    await Promise.all(Array.from({ length: 64 }, (_, n) => keys.request(n).catch(() => {}))) // connections, and code that was never run
    const load = { clients: 256, durationMs: flags.duration ?? 60_000, rate: sizes[flags.load], signal: untilInterrupted() }
    const report = judged(await measure({ ...load, request: n => keys.request(n) }), flags.load)
    await keys
      .remove()
      .catch(() => this.logToStderr(`${this.config.bin}: the keys stay: delete them with kv delete --prefix ${keys.prefix}`))
    this.print(report, { table: shown => `${measuredText(shown)}\n${verdictText(shown)}`, rows: ({ criteria }) => criteria }, flags)
    if (!report.passed) process.exitCode = 1
    return report
  }
}
