// The program under test, as a user runs it.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ended, Process } from './processes.ts'

export const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))

/** Only what a scenario says: a RAFT_ or RAFTCTL_ variable of whoever runs the tests must not change them. */
const toolEnv: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(RAFT|RAFTCTL|npm)_/.test(name))),
  RAFTCTL_CONFIG: '/nowhere/contexts.json',
}

/** Variables for a shell that finds `raftctl`, by a file in this folder. */
export async function shellEnv(folder: string, extra: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const shims = join(folder, 'bin')
  await mkdir(shims)
  await writeFile(join(shims, 'raftctl'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, { mode: 0o755 })
  return { ...toolEnv, PATH: `${shims}:${toolEnv.PATH}`, ...extra }
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
