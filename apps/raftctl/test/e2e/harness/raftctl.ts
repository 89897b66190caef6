// The program under test, as a user runs it.
import { fileURLToPath } from 'node:url'
import { type Ended, Process } from './processes.ts'

export const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))

/** Only what a scenario says: a RAFT_ or RAFTCTL_ variable of whoever runs the tests must not change them. */
export const toolEnv: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(RAFT|RAFTCTL|npm)_/.test(name))),
  RAFTCTL_CONFIG: '/nowhere/contexts.json',
}

export type Ran = Ended & { readonly stdout: string; readonly stderr: string }

export function spawnRaftctl(args: readonly string[], extra: NodeJS.ProcessEnv = {}, input?: string): Process {
  return new Process(process.execPath, [bin, ...args], { env: { ...toolEnv, ...extra }, ...(input !== undefined && { input }) })
}

/** Runs a command to its end; one that goes on for ten seconds is ended. */
export async function raftctl(args: readonly string[], extra: NodeJS.ProcessEnv = {}, input?: string): Promise<Ran> {
  const child = spawnRaftctl(args, extra, input)
  const timer = setTimeout(() => child.signal('SIGKILL'), 10_000)
  const ended = await child.ended
  clearTimeout(timer)
  return { ...ended, stdout: child.stdout, stderr: child.stderr }
}
