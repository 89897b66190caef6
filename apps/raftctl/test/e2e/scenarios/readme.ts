import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCluster } from '../harness/cluster.ts'
import { Process } from '../harness/processes.ts'
import { root, shellEnv } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'

export const readme: readonly Scenario[] = [
  {
    name: "raftctl's README: its session, command by command, prints what it says",
    run: async folder => {
      const cluster = await startCluster(folder)
      const env = await shellEnv(folder, { RAFTCTL_ENDPOINTS: cluster.node(1).http })
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
