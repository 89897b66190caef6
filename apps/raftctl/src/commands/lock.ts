import { Args, Flags } from '@oclif/core'
import { ClientCommand } from '../command/client-command.ts'
import { durationFlag } from '../command/duration.ts'
import { exitCodesHelp } from '../command/exit-codes.ts'
import { untilInterrupted } from '../command/interrupt.ts'
import { pause } from '../command/pause.ts'
import { prose } from '../command/prose.ts'
import { runHolding } from '../lock/run-holding.ts'

type Held = { readonly name: string; readonly token: number; readonly lease: number }

export default class Lock extends ClientCommand {
  static override summary = 'Run a command while holding a lock: on all machines one at a time'

  static override description =
    prose(`Waits for its turn, first come, first served; runs the command; gives the lock up, whatever became of it. The exit code is the
command's. If this machine dies the lock goes to the next after --ttl. Should the lock be lost while the command runs (the cluster has not been
reached for so long) the command gets SIGTERM and the exit code is 1.

The command finds RAFTCTL_LOCK_NAME, RAFTCTL_LOCK_LEASE and RAFTCTL_LOCK_TOKEN, a number that only grows: whoever it writes to should refuse a
smaller one than it has seen, for a process that was asleep may not know yet that it has lost the lock. "kv txn --if 'lock NAME = TOKEN'"
does so. Without a command it holds the lock until Ctrl-C.

${exitCodesHelp} When another holds the lock and --wait is over: 6.`)

  static override usage = 'lock NAME [FLAGS] [-- COMMAND [ARGUMENTS]]'

  static override examples = [
    '<%= config.bin %> lock deploy -- ./deploy.sh --all',
    { description: 'Not at all if another is at it', command: '<%= config.bin %> lock backup --wait 0s -- ./backup.sh' },
    {
      description: 'One of several processes works, the others stand by',
      command: '<%= config.bin %> lock scheduler --ttl 5s -- ./scheduler',
    },
    {
      description: 'A write that fails if the lock was lost',
      command: `<%= config.bin %> kv txn --if "lock deploy = $RAFTCTL_LOCK_TOKEN" --then 'set version 7'`,
    },
  ]

  static override strict = false

  static override args = { name: Args.string({ description: 'the name of the lock', required: true, ignoreStdin: true }) }

  static override flags = {
    ttl: durationFlag('ttl', { description: 'how long after the last sign of life the lock goes to the next', value: '10s' }),
    wait: durationFlag('wait', { description: 'how long to wait for it [for ever]' }),
    value: Flags.string({ helpValue: 'TEXT', description: 'what "locks" shows the others, such as an address' }),
  }

  async run(): Promise<Held> {
    const { args, argv, flags } = await this.parse(Lock)
    const [, ...command] = argv as string[]
    const { client, settings } = await this.connect(flags)
    const interrupted = untilInterrupted()
    const options = { ttlMs: flags.ttl, waitMs: flags.wait, value: flags.value, timeoutMs: settings.timeoutMs, signal: interrupted }
    const lock = await client.locks.acquire(args.name, options)
    const held = { name: args.name, token: lock.token, lease: lock.lease.id }
    try {
      if (command.length === 0) {
        this.print(held, { table: ({ name, token }) => `${name} is held (token ${token}) until Ctrl-C` }, flags)
        await pause(AbortSignal.any([interrupted, lock.lost]))
        if (lock.lost.aborted) throw lock.lost.reason
      } else {
        process.exitCode = await runHolding(command, lock, { program: this.config.bin, name: args.name })
      }
    } finally {
      await lock.release({ timeoutMs: settings.timeoutMs }).catch(error => {
        this.logToStderr(`${this.config.bin}: the lock could not be given up (${error.message}): it goes to the next once its time is over`)
      })
    }
    return held
  }
}
