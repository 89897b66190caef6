import { strict as assert } from 'node:assert'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { prepare } from '../harness/cluster.ts'
import { set } from '../harness/http.ts'
import { raftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'

export const inspections: readonly Scenario[] = (['level', 'wal'] as const).map(log => ({
  name: `log inspect on a folder of ${log}: in use, sound, damaged, and of no node`,
  run: async folder => {
    const node = (await prepare(folder, ['--log-store', log], 1)).node(1)
    const { dir } = node.settings
    const inspect = (...flags: string[]) => raftctl(['log', 'inspect', dir, ...flags])
    await node.start()
    await node.ready()
    for (let at = 0; at < 20; at++) await set(node.http, `key${at}`, 'v'.repeat(100))
    const running = await inspect()
    assert.equal(running.code, 1)
    assert.match(running.stderr, /is in use.*Stop/)
    await node.kill()

    const sound = await inspect('--output', 'json', '--entries')
    assert.equal(sound.code, 0, sound.stderr)
    const report = JSON.parse(sound.stdout)
    assert.deepEqual([report.verdict, report.logStore, report.identity.nodeId, report.snapshots.length], ['sound', log, 'n1', 1])
    assert(report.entries.length >= 20)
    assert.match((await inspect()).stdout, /VERDICT +sound/)
    assert.match((await inspect('--entries', '--output', 'csv')).stdout, /^index,term,type,bytes\n/m)
    assert.equal((await inspect('--field', 'log.last')).stdout.trim(), String(report.log.last))

    const data = join(dir, log === 'wal' ? 'wal' : 'log')
    const [newest = ''] = (await readdir(data))
      .filter(name => /\.(wal|log)$/.test(name))
      .sort()
      .reverse()
    await flipBit(join(data, newest), 700)
    assert.match((await inspect()).stdout, /VERDICT +damaged\nDAMAGE +.*(entry|entries|term|log)/)
    const other = await raftctl(['node', 'start', '--log-store', log === 'wal' ? 'level' : 'wal', dir, '--http', node.http])
    assert.match(other.stderr, new RegExp(`--log-store ${log}`))
    const none = await raftctl(['log', 'inspect', data])
    assert.match(none.stderr, /not a node's data folder/)
  },
}))

async function flipBit(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+')
  const byte = new Uint8Array(1)
  await file.read(byte, 0, 1, offset)
  byte[0] = (byte[0] ?? 0) ^ 1
  await file.write(byte, 0, 1, offset)
  await file.close()
}
