import { strict as assert } from 'node:assert'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCluster } from '../harness/cluster.ts'
import { Process } from '../harness/processes.ts'
import { root, toolEnv } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'

const bin = join(root, 'apps/raftctl/bin/run.js')

export const readme: readonly Scenario[] = [
  {
    name: "raftctl's README: its session, command by command, prints what it says",
    run: async folder => {
      const cluster = await startCluster(folder)
      const shims = join(folder, 'bin')
      await mkdir(shims)
      await writeFile(join(shims, 'raftctl'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`)
      await chmod(join(shims, 'raftctl'), 0o755)
      const env = { ...toolEnv, PATH: `${shims}:${toolEnv.PATH}`, RAFTCTL_ENDPOINTS: cluster.node(1).http }
      for (const { command, output } of await sessionOf(join(root, 'apps/raftctl/README.md'))) {
        const shell = new Process('bash', ['-c', `exec 2>&1; ${command}`], { cwd: folder, env })
        await shell.ended
        assert.equal(alike(shell.stdout), alike(output), command)
      }
    },
  },
]

type Step = { readonly command: string; readonly output: string }

async function sessionOf(file: string): Promise<readonly Step[]> {
  const session = /```console\n([\s\S]*?)```/.exec(await readFile(file, 'utf8'))?.[1] ?? ''
  const steps = session.split(/^\$ /m).slice(1)
  assert(steps.length > 10, 'there is a session')
  return steps.map(step => ({ command: step.slice(0, step.indexOf('\n')), output: step.slice(step.indexOf('\n') + 1) }))
}

/** Numbers, their units and the widths that follow from them are those of the day. */
function alike(text: string): string {
  return text
    .replaceAll(/\d[\d.]*( (ms|s|[KMG]iB))?/g, 'N')
    .replaceAll(/ +/g, ' ')
    .trim()
}
