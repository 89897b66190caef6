import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { raftctl, spawnRaftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'

const brief = ['chaos', '--minutes', '0.15', '--nodes', '3', '--clients', '4', '--output', 'json']

export const chaos: readonly Scenario[] = [
  {
    name: 'chaos: faults under load, healed, linearizable, and everybody holds the same in the end',
    run: async folder => {
      const dir = join(folder, 'experiment')
      const child = spawnRaftctl([...brief, '--min-rate', '5', '--seed', '1', '--dir', dir])
      const { code } = await child.ended
      assert.equal(code, 0, `${child.stderr}\n${child.stdout}`)
      const report = JSON.parse(child.stdout)
      assert.equal(report.linearizable, 'linearizable')
      assert(Object.keys(report.injected).length > 0)
      assert(report.operations.done > 0 && report.keys > 0)
    },
  },
  {
    name: 'chaos: an experiment in which hardly anything was done fails, and says so',
    run: async () => {
      const child = spawnRaftctl([...brief, '--min-rate', '1000000'])
      const { code } = await child.ended
      assert.equal(code, 1, child.stderr)
      assert.match(JSON.parse(child.stdout).problems.join('\n'), /too few to prove anything/)
    },
  },
  {
    name: 'chaos: flags that make no sense',
    run: async () => {
      const wrong = await Promise.all([
        raftctl(['chaos', '--minutes', 'soon']),
        raftctl(['chaos', '--faults', 'gremlins']),
        raftctl(['chaos', '--nodes', '2']),
        raftctl(['chaos', '--dir', '/dev/null/x', '--minutes', '0.1']),
      ])
      assert.deepEqual(
        wrong.map(({ code }) => code),
        [2, 2, 2, 1],
        wrong.map(({ stderr }) => stderr).join('\n'),
      )
      for (const { stderr } of wrong) assert.doesNotMatch(stderr, /\n\s+at /)
      assert.match(wrong[1]?.stderr ?? '', /kill, stop, pause/)
    },
  },
]
