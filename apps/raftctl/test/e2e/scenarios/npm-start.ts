import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { ask, get, set } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { Process } from '../harness/processes.ts'
import { root, spawnRaftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually, timed } from '../harness/wait.ts'
import { listsAll, Writer } from '../harness/writer.ts'

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

export const devChaos: readonly Scenario[] = [
  {
    name: 'dev --chaos: each fault is one line, writes go on, Ctrl-C ends it all, and what was acknowledged is there',
    msMax: 120_000,
    run: async folder => {
      const { dev, http } = await plan(folder)
      const disturbed = dev(['--chaos', '--chaos-every', '500ms'])
      await ready(disturbed)
      assert.match(disturbed.stdout, /Every 0\.5 s or so something happens/)
      const writer = new Writer([1, 2, 3].map(at => ({ http: http(at), running: true })))
      const over = () => disturbed.stdout.match(/^chaos \| n\d serves again/gm)?.length ?? 0
      await eventually('four faults have come and gone', () => assert(over() >= 4, disturbed.stdout), 60_000)
      await writer.more(20)
      await writer.stop()
      assert(writer.acknowledged.length > 50, `${writer.acknowledged.length} writes`)
      disturbed.signalGroup('SIGINT')
      assert.equal((await disturbed.ended).code, 0, disturbed.stderr)
      const lines = disturbed.stdout.split('\n').filter(line => line.startsWith('chaos |'))
      const known = /^chaos \| n\d (is (killed|stopped|paused) \(.+\) .*\d s|is to lead from now on|serves again, \d+\.\d s later)$/
      for (const line of lines) assert.match(line, known)
      assert.doesNotMatch(disturbed.stdout, /has ended/)

      const calm = dev([])
      await ready(calm)
      for (const at of [1, 2, 3]) await listsAll({ http: http(at), settings: { id: `n${at}` } }, writer.prefix, writer.acknowledged)
      calm.signalGroup('SIGINT')
      assert.equal((await calm.ended).code, 0)
    },
  },
  {
    name: 'dev --chaos killed by kill -9 leaves no node behind, not even a paused one',
    msMax: 120_000,
    run: async folder => {
      const { dev, http } = await plan(folder)
      const disturbed = dev(['--chaos-every', '100ms'])
      await ready(disturbed)
      await eventually('a node is paused', () => assert.match(disturbed.stdout, /is paused \(SIGSTOP\) for \S+ s$/m), 60_000)
      await disturbed.kill()
      for (const at of [1, 2, 3]) {
        await eventually(`n${at} has ended`, () => assert.rejects(ask('GET', http(at), '/livez', { timeoutMs: 500 }), isRefused))
      }
    },
  },
]

/** A paused node does not answer either: but its port is still taken. */
function isRefused(error: Error): boolean {
  return JSON.stringify([error.message, (error.cause as Error | undefined)?.message]).includes('ECONNREFUSED')
}

type Planned = { start: () => Process; dev: (flags: readonly string[]) => Process; http: (at: number) => string }

async function plan(folder: string): Promise<Planned> {
  // Nodes stand 100 ports apart; only the first of each hundred and the one six above are taken.
  const port = await freePorts(207)
  const where = ['--port', String(port), '--data', join(folder, 'data')]
  return {
    start: () => new Process('npm', ['start', '--silent', '--', ...where], { cwd: root }),
    dev: flags => spawnRaftctl(['dev', ...where, ...flags]),
    http: at => `127.0.0.1:${port + 100 * (at - 1)}`,
  }
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
