import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCluster } from '../harness/cluster.ts'
import { Commands } from '../harness/commands.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

/** One node is a cluster, and starts in a second. */
async function oneNode(folder: string): Promise<Commands> {
  const cluster = await startCluster(folder, [], 1)
  return new Commands({ RAFTCTL_ENDPOINTS: cluster.node(1).http })
}

export const keys: readonly Scenario[] = [
  {
    name: 'raftctl kv get, set, list, delete, cas, txn: what they print, and every error',
    run: async folder => {
      const ctl = await oneNode(folder)
      await sets(ctl, folder)
      await lists(ctl)
      await compares(ctl)
      await transactions(ctl, folder)
      await deletes(ctl)
    },
  },
  {
    name: 'raftctl kv watch prints each change once, runs commands, ends with a count',
    run: async folder => {
      const ctl = await oneNode(folder)
      const table = ctl.start('kv watch a')
      const json = ctl.start('kv watch --prefix a --count 3 --output json --since 0')
      const sink = join(folder, 'sink')
      const exec = ctl.start(['kv', 'watch', '--all-keys', '--exec', `echo "$RAFTCTL_WATCH_TYPE $RAFTCTL_WATCH_KEY $(cat)" >> ${sink}`])
      await eventually('all three watch', async () => {
        await ctl.run('kv set a 0')
        assert.match(table.process.stdout, /put +a +0/)
        assert(existsSync(sink))
      })
      await ctl.prints('kv set a 1', /set/)
      await ctl.prints('kv delete a', /deleted/)
      await table.says(/REVISION +TYPE +KEY +VALUE[\s\S]*put +a +1\n\d+ +delete +a\n/)
      assert.equal((await table.interrupt()).code, 0)
      assert.equal((await json.process.ended).code, 0)
      assert.deepEqual(json.process.stdout.trim().split('\n').length, 3)
      assert.equal(JSON.parse(json.process.stdout.split('\n')[0] ?? '').key, 'a')
      await eventually('the command ran for each', async () => assert.match(await readFile(sink, 'utf8'), /put a 1\ndelete a \n/))
      await exec.interrupt()
      await ctl.fails(
        ['kv', 'watch', 'a', '--since', '0', '--exec', 'exit 3'],
        1,
        /ended with exit code 3; to try it again: --since 0; to go on/,
      )
      await ctl.fails('kv watch', 2, /say what to watch: a KEY, or else --prefix or --all-keys/)
    },
  },
  {
    name: 'raftctl kv export and import: all there is, byte for byte, and where a bad line is',
    run: async folder => {
      const ctl = await oneNode(folder)
      await writeFile(join(folder, 'bytes'), Buffer.from([0xff, 0, 0x80]))
      await ctl.prints(['kv', 'set', 'bytes', '--file', join(folder, 'bytes')], /set/)
      await ctl.prints(['kv', 'set', 'text', 'ä\n"x"'], /set/)
      const file = join(folder, 'keys.ndjson')
      await ctl.prints(['kv', 'export', '--to', file], /^2 keys written to /)
      await ctl.fails(['kv', 'export', '--to', file], 1, /is there already; name another file/)
      const lines = await ctl.prints('kv export', /^\{"key":"bytes","valueBase64":"\/wCA"\}\n\{"key":"text",/)
      assert.equal(lines, await readFile(file, 'utf8'))
      await ctl.prints('kv delete --all-keys', /^2 keys deleted/)
      await ctl.prints(['kv', 'import', file], '2 keys written\n')
      assert.equal(await ctl.prints('kv export', /./), lines)
      await ctl.prints('kv import - --prefix new/', '1 key written\n', '{"key":"k","value":"v"}\n')
      await ctl.prints('kv get new/k', 'v\n')
      await ctl.fails('kv import -', 1, /line 2 is not .*0 keys written: go on with --skip 0/, '{"key":"k","value":"v"}\nnonsense\n')
      await ctl.fails('kv import /nowhere/x', 2, /\/nowhere\/x cannot be read \(ENOENT\)/)
    },
  },
]

async function sets(ctl: Commands, folder: string): Promise<void> {
  await ctl.prints('kv set foo bar', /^foo is set \(revision \d+\)\n$/)
  await ctl.prints('kv set piped -', /set/, 'two\nlines')
  await ctl.prints('kv get piped', 'two\nlines\n')
  await ctl.prints('kv get piped --raw', 'two\nlines')
  await ctl.prints('kv set short x --ttl 500ms --once', /with lease \d+/)
  await writeFile(join(folder, 'raw'), Buffer.from([0xff, 0xfe]))
  await ctl.prints(['kv', 'set', 'raw', '--file', join(folder, 'raw')], /set/)
  const raw = await ctl.run('kv get raw')
  assert.deepEqual([raw.stdout, raw.stderr], ['//4=\n', 'raftctl: the value is not UTF-8, so this is base64; --raw writes it as it is\n'])
  const item = await ctl.json('kv get raw')
  assert.deepEqual([item.valueBase64, item.value], ['//4=', undefined])
  await ctl.prints('kv get foo --stale', 'bar\n')
  await ctl.fails('kv get foo --max-staleness 1s', 2, /--max-staleness is for stale reads/)
  await ctl.fails('kv get none', 4, /there is no key "none"/)
  await ctl.fails('kv set foo', 2, /missing VALUE/)
  await ctl.fails('kv set foo bar --file x', 2, /give a VALUE or --file, not both/)
  await ctl.fails('kv set foo --file /nowhere/x', 2, /cannot be read \(ENOENT\)/)
  await ctl.fails('kv set foo bar --ttl 10', 2, /"10" is not a time; write a number and ms, s, m, h or d/)
  await ctl.fails('kv set foo bar --lease 999', 4, /there is no such lease/)
  await ctl.fails('kv set . bar', 2, /cannot be named in a URL/)
  await eventually('the key has gone with its time', () => ctl.fails('kv get short', 4, /there is no key/))
}

async function lists(ctl: Commands): Promise<void> {
  for (const key of ['app/a', 'app/b', 'app/c']) await ctl.prints(['kv', 'set', key, 'v'], /set/)
  await ctl.prints('kv list app/', /^KEY +VALUE +MODIFIED +VERSION +LEASE\napp\/a +v +\d+ +1 +-\napp\/b/)
  await ctl.prints('kv list app/ --keys --field key', 'app/a\napp/b\napp/c\n')
  await ctl.prints('kv list --from app/b --to app/c --output csv', /^key,value,created[^\n]*\napp\/b,v,/)
  assert.deepEqual((await ctl.json('kv list app/ --limit 2')).length, 2)
  await ctl.prints('kv list nothing/ --output json', '[]\n')
  await ctl.fails('kv list --limit 0', 2, /limit/)
  await ctl.fails('kv list app/ --field none', 2, /there is no "none"; there is key, value/)
}

async function compares(ctl: Commands): Promise<void> {
  await ctl.prints('kv cas foo two --expect bar', /^foo is set/)
  await ctl.fails('kv cas foo three --expect bar', 6, /foo is not as expected: it is two \(revision \d+\); nothing was changed/)
  await ctl.fails('kv cas foo three --missing', 6, /it is two/)
  await ctl.fails('kv cas none x --expect y', 6, /it is not there/)
  const { modified } = await ctl.json('kv get foo')
  await ctl.prints(`kv cas foo three --revision ${modified}`, /^foo is set/)
  const refused = await ctl.run('kv cas foo four --missing --output json')
  assert.deepEqual([refused.code, JSON.parse(refused.stdout).current.value], [6, 'three'])
  await ctl.fails('kv cas foo four', 2, /say what you expect/)
  await ctl.fails('kv cas foo', 2, /missing VALUE/)
}

async function transactions(ctl: Commands, folder: string): Promise<void> {
  await ctl.prints(
    ['kv', 'txn', '--if', 'foo = three', '--then', 'set moved "a b"', '--then', 'delete foo'],
    /the conditions hold.*\n {2}moved is set\n {2}foo is deleted\n/,
  )
  const otherwise = await ctl.run(['kv', 'txn', '--if', 'exists foo', '--then', 'set x 1', '--else', 'get moved'])
  assert.deepEqual([otherwise.code, otherwise.stderr], [6, ''])
  assert.match(otherwise.stdout, /a condition does not hold.*\n {2}moved = a b \(revision/)
  const file = join(folder, 'txn.json')
  await writeFile(file, '{"success":[{"op":"put","key":"x","value":"1"}]}')
  await ctl.prints(['kv', 'txn', file, '--field', 'succeeded'], 'true\n')
  await ctl.prints('kv txn - --output json', /"succeeded": true/, await readFile(file, 'utf8'))
  await ctl.fails('kv txn', 1, /nothing to do/)
  await ctl.fails(['kv', 'txn', '--if', 'foo'], 2, /is not a condition; write KEY = VALUE/)
  await ctl.fails(['kv', 'txn', '--then', 'put a 1'], 2, /is not an operation; write set KEY VALUE/)
  await ctl.fails(['kv', 'txn', file, '--then', 'get a'], 2, /give FILE, or else/)
  await ctl.fails('kv txn -', 2, /the standard input is not JSON/, '{')
  await ctl.fails('kv txn /nowhere/x', 2, /cannot be read \(ENOENT\)/)
}

async function deletes(ctl: Commands): Promise<void> {
  await ctl.prints('kv delete moved', /^moved is deleted/)
  await ctl.fails('kv delete moved', 4, /there is no key/)
  await ctl.prints('kv delete --prefix app/', /^3 keys deleted/)
  await ctl.fails('kv delete', 2, /give a KEY, or else --prefix or --all-keys/)
  await ctl.fails(['kv', 'delete', '--prefix', ''], 2, /would mean every key/)
  await ctl.prints('kv delete --all-keys', /^\d keys deleted/)
  await ctl.prints('kv list', '')
}
