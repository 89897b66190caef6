import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { HeldLock } from 'kv-client'

/** Time for a command to end by itself once the lock is lost. */
const graceMs = 5_000

type Names = { readonly program: string; readonly name: string }

/** Runs a command as long as the lock is held. Resolves with the exit code for the whole, as a shell would have it. */
export function runHolding([command = '', ...args]: readonly string[], lock: HeldLock, { program, name }: Names): Promise<number> {
  const env = {
    ...process.env,
    RAFTCTL_LOCK_NAME: name,
    RAFTCTL_LOCK_TOKEN: String(lock.token),
    RAFTCTL_LOCK_LEASE: String(lock.lease.id),
  }
  const child = spawn(command, args, { env, stdio: 'inherit' })
  const say = (message: string) => process.stderr.write(`${program}: ${message}\n`)
  const forward = (signal: NodeJS.Signals) => void child.kill(signal)
  // Ctrl-C reaches the command by itself, as the terminal sends it to both; here it must only not end this process first.
  const ignore = () => {}
  process.on('SIGTERM', forward)
  process.on('SIGINT', ignore)
  let killer: NodeJS.Timeout | undefined
  const lost = () => {
    say(`the lock ${name} is lost: ${(lock.lost.reason as Error).message}; the command is told to stop`)
    child.kill('SIGTERM')
    killer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  }
  if (lock.lost.aborted) lost()
  else lock.lost.addEventListener('abort', lost, { once: true })
  return new Promise<number>(resolve => {
    child.once('error', error => {
      say(`${command} cannot be run (${(error as NodeJS.ErrnoException).code ?? error.message}): name a program, and put -- before it`)
      resolve((error as NodeJS.ErrnoException).code === 'ENOENT' ? 127 : 126)
    })
    child.once('close', (code, signal) => resolve(lock.lost.aborted ? 1 : (code ?? 128 + constants.signals[signal ?? 'SIGKILL'])))
  }).finally(() => {
    clearTimeout(killer)
    lock.lost.removeEventListener('abort', lost)
    process.off('SIGTERM', forward)
    process.off('SIGINT', ignore)
  })
}
