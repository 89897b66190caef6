// The program under test, as a user runs it.
import { fileURLToPath } from 'node:url'
import { type Ended, Process } from './processes.ts'

export const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))

/** Only what a scenario says: a RAFT_ or RAFTCTL_ variable of whoever runs the tests must not change them. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(RAFT|RAFTCTL|npm)_/.test(name)))

export function spawnRaftctl(args: readonly string[], extra: NodeJS.ProcessEnv = {}): Process {
  return new Process(process.execPath, [bin, ...args], { env: { ...env, ...extra } })
}

/** Runs a command to its end; one that goes on for ten seconds is ended. */
export async function raftctl(args: readonly string[], extra: NodeJS.ProcessEnv = {}): Promise<Ended & { stdout: string; stderr: string }> {
  const child = spawnRaftctl(args, extra)
  const timer = setTimeout(() => child.signal('SIGKILL'), 10_000)
  const ended = await child.ended
  clearTimeout(timer)
  return { ...ended, stdout: child.stdout, stderr: child.stderr }
}
