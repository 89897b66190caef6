import { Flags } from '@oclif/core'
import type { Lease } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { untilInterrupted } from '../../command/interrupt.ts'
import { pause } from '../../command/pause.ts'
import { prose } from '../../command/prose.ts'
import { leaseArg } from '../../kv/lease-arg.ts'
import { msText } from '../../output/units.ts'

type Kept = Pick<Lease, 'lease' | 'ttlMs'>

export default class LeaseKeepAlive extends ClientCommand {
  static override summary = 'Renew a lease until Ctrl-C, or once'

  static override description =
    prose(`Renews it three times as often as needed. Ctrl-C leaves it to end by itself. A lease that has ended is exit
code 4.

${exitCodesHelp}`)

  static override examples = ['<%= config.bin %> lease keep-alive 42', '<%= config.bin %> lease keep-alive 42 --once']

  static override args = leaseArg
  static override flags = { once: Flags.boolean({ description: 'renew it now, and end', default: false }) }

  async run(): Promise<Kept> {
    const { args, flags } = await this.parse(LeaseKeepAlive)
    const { client } = await this.connect(flags)
    const signal = untilInterrupted()
    const found = await client.leases.get(args.lease)
    if (found === undefined) this.fail(`there is no lease ${args.lease}: it has ended, or never was`, exitCodes.notFound)
    const { lease, ttlMs } = found
    await client.leases.keepAlive(lease)
    this.print(
      { lease, ttlMs },
      { table: () => `lease ${lease} lives ${msText(ttlMs)} from now${flags.once ? '' : ', and is renewed until Ctrl-C'}` },
      flags,
    )
    while (!flags.once && !signal.aborted) {
      await pause(signal, ttlMs / 3)
      if (!signal.aborted) await client.leases.keepAlive(lease, { timeoutMs: ttlMs })
    }
    return { lease, ttlMs }
  }
}
