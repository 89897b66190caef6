import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { ask, get, set } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { Process } from '../harness/processes.ts'
import { root } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually, timed } from '../harness/wait.ts'

export const npmStart: readonly Scenario[] = [
  {
    name: 'npm start, a write, Ctrl-C: exit 0 within two seconds; started again it finds the data',
    run: async folder => {
      const { start, http } = await plan(folder)
      const first = start()
      await ready(first)
      for (const line of [/n\d\s+http:\S+\s+leads/, /curl -XPOST/, /curl 127/, /raftctl cluster status/]) assert.match(first.stdout, line)
      await set(http(1), 'foo', 'bar')
      assert.equal(await get(http(3), 'foo'), 'bar')
      const stop = await timed(() => {
        first.signalGroup('SIGINT')
        return first.ended
      })
      assert.equal(stop.value.code, 0, first.stdout + first.stderr)
      assert(stop.ms < 2_000, `${stop.ms} ms`)

      const again = start()
      await ready(again)
      assert.equal(await get(http(2), 'foo'), 'bar')
      again.signal('SIGTERM')
      assert.equal((await again.ended).code, 0)
    },
  },
  {
    name: 'npm start killed by kill -9 leaves no node behind',
    run: async folder => {
      const { start, http } = await plan(folder)
      const npm = start()
      await ready(npm)
      await npm.kill()
      for (const at of [1, 2, 3]) {
        await eventually(`n${at} has ended`, () => assert.rejects(ask('GET', http(at), '/livez', { timeoutMs: 500 })))
      }
    },
  },
  {
    name: 'npm start on a port in use: one clear line',
    run: async folder => {
      const { start } = await plan(folder)
      await ready(start())
      const second = start()
      assert.equal((await second.ended).code, 1)
      assert.match(second.stderr, /^raftctl: 127\.0\.0\.1:\d+ is in use; .*--port/m)
      assert.doesNotMatch(second.stderr, /^\s+at /m)
    },
  },
]

async function plan(folder: string): Promise<{ start: () => Process; http: (at: number) => string }> {
  // Nodes stand 100 ports apart; only the first of each hundred and the one six above are taken.
  const port = await freePorts(207)
  const args = ['start', '--silent', '--', '--port', String(port), '--data', join(folder, 'data')]
  return { start: () => new Process('npm', args, { cwd: root }), http: at => `127.0.0.1:${port + 100 * (at - 1)}` }
}

async function ready(npm: Process): Promise<void> {
  await eventually(
    'npm start says that the nodes are ready',
    () => {
      assert(npm.running || npm.stdout.includes('nodes, ready'), npm.stdout + npm.stderr)
      assert.match(npm.stdout, /3 nodes, ready/)
    },
    30_000,
  )
}
