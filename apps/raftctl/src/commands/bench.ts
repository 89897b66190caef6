import { Flags } from '@oclif/core'
import { type Measured, measure } from '../bench/load.ts'
import { measuredText } from '../bench/view.ts'
import { BenchKeys } from '../bench/workload.ts'
import { ClientCommand } from '../command/client-command.ts'
import { durationFlag } from '../command/duration.ts'
import { exitCodes, exitCodesHelp } from '../command/exit-codes.ts'
import { untilInterrupted } from '../command/interrupt.ts'
import { prose } from '../command/prose.ts'

export default class Bench extends ClientCommand {
  static override summary = 'Measure how fast a cluster reads and writes'

  static override description =
    prose(`Writes keys below raftctl-bench/ and deletes them at the end. Real load: think twice before doing it to a cluster that others use.

Without --rate each of the clients sends its next request once the last one is answered. With it requests begin on time, and latency counts
from when they were due, so that one slow answer is not the only one that is seen to be slow. This process may be the limit: a second one on
another machine tells.

${exitCodesHelp}`)

  static override examples = [
    '<%= config.bin %> bench',
    { description: 'One writer, one second', command: '<%= config.bin %> bench --clients 1 --duration 1s' },
    { description: 'Nine reads for each write', command: '<%= config.bin %> bench --reads 90' },
    { description: 'A steady thousand a second', command: '<%= config.bin %> bench --rate 1000 --duration 30s' },
  ]

  static override flags = {
    clients: Flags.integer({ helpValue: 'N', description: 'requests under way at a time', default: 16, min: 1, max: 4_096 }),
    duration: durationFlag('duration', { description: 'for how long', value: '10s' }),
    rate: Flags.integer({ helpValue: 'N', description: 'requests a second [as fast as they are answered]', min: 1 }),
    reads: Flags.integer({
      helpValue: 'PERCENT',
      description: 'how many of a hundred requests are linearizable reads',
      default: 0,
      min: 0,
      max: 100,
    }),
    keys: Flags.integer({ helpValue: 'N', description: 'how many keys', default: 1_000, min: 1, max: 1_000_000 }),
    'value-size': Flags.integer({ helpValue: 'BYTES', description: 'how large the values are', default: 128, min: 0, max: 1_048_576 }),
  }

  async run(): Promise<Measured> {
    const { flags } = await this.parse(Bench)
    const { client } = await this.connect(flags)
    const keys = new BenchKeys(client, { keys: flags.keys, valueBytes: flags['value-size'], reads: flags.reads / 100 })
    await client.status()
    const signal = untilInterrupted()
    await keys.fill()
    const { clients, duration = 10_000, rate } = flags
    const measured = await measure({ clients, durationMs: duration, rate, request: n => keys.request(n), signal })
    await keys
      .remove()
      .catch(() => this.logToStderr(`${this.config.bin}: the keys stay: delete them with kv delete --prefix ${keys.prefix}`))
    this.print(measured, { table: measuredText, rows: ({ latencyMs, ...rest }) => [{ ...rest, ...latencyMs }] }, flags)
    if (measured.requests === 0) this.fail(`nothing was answered: ${measured.firstError ?? 'interrupted'}`, exitCodes.unavailable)
    return measured
  }
}
