import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import KvDelete from '../src/commands/kv/delete.ts'
import KvGet from '../src/commands/kv/get.ts'
import KvSet from '../src/commands/kv/set.ts'
import { type FakeNode, fakeNode } from './support/fake-node.ts'
import { runCommand } from './support/run-command.ts'

let node: FakeNode
beforeEach(async () => {
  node = await fakeNode()
})
afterEach(() => node.close())

const get = (...argv: string[]) => runCommand(KvGet, 'kv:get', [...argv, '-e', node.address])
const set = (...argv: string[]) => runCommand(KvSet, 'kv:set', ['-e', node.address, ...argv])

test('get prints the value as it is, and a newline', async () => {
  node.keys.set('foo', '100%s "quoted" %d')
  expect(await get('foo')).toMatchObject({ code: 0, stdout: '100%s "quoted" %d\n', stderr: '' })
})

test('get returns what it prints', async () => {
  node.keys.set('foo', 'bar')
  expect((await get('foo')).value).toEqual({ key: 'foo', value: 'bar', created: 3, modified: 5, version: 2 })
})

test.each([
  ['json', '{\n  "key": "foo",\n  "value": "a,\\"b\\"\\nc",\n  "created": 3,\n  "modified": 5,\n  "version": 2\n}\n'],
  ['yaml', 'key: foo\nvalue: "a,\\"b\\"\\nc"\ncreated: 3\nmodified: 5\nversion: 2\n'],
  ['csv', 'key,value,created,modified,version\nfoo,"a,""b""\nc",3,5,2\n'],
])('get --output %s', async (format, expected) => {
  node.keys.set('foo', 'a,"b"\nc')
  expect((await get('foo', '--output', format)).stdout).toBe(expected)
})

test('get --field prints one field, raw', async () => {
  node.keys.set('foo', 'bar')
  expect((await get('foo', '--field', 'key')).stdout).toBe('foo\n')
})

test('get of a key that is missing: exit code 4, a line on stderr, nothing on stdout', async () => {
  expect(await get('__proto__')).toMatchObject({ code: 4, stdout: '', stderr: 'raftctl: there is no key "__proto__"\n' })
})

test('an endpoint that nobody listens on: exit code 3', async () => {
  const { address } = node
  node.close()
  expect(await get('foo')).toMatchObject({
    code: 3,
    stdout: '',
    stderr: `raftctl: nobody listens at ${address}; start a node there, or name others with --endpoints\n`,
  })
})

test('the next endpoint is asked when one does not answer, in whatever way several are given', async () => {
  const away = await fakeNode()
  away.close()
  node.keys.set('foo', 'bar')
  for (const argv of [
    ['-e', `${away.address},${node.address}`],
    ['--endpoint', away.address, '--endpoint', node.address],
    ['--endpoints', `${away.address},http://${node.address}/`],
  ]) {
    expect((await runCommand(KvGet, 'kv:get', ['foo', ...argv])).stdout).toBe('bar\n')
  }
})

test('RAFTCTL_ENDPOINTS may hold several, too', async () => {
  const away = await fakeNode()
  away.close()
  node.keys.set('foo', 'bar')
  vi.stubEnv('RAFTCTL_ENDPOINTS', `${away.address}, ${node.address}`)
  expect((await runCommand(KvGet, 'kv:get', ['foo'])).stdout).toBe('bar\n')
  vi.unstubAllEnvs()
})

test('an endpoint that is none is refused at once', async () => {
  const ran = await runCommand(KvGet, 'kv:get', ['foo', '-e', 'localhost'])
  expect(ran).toMatchObject({
    code: 2,
    stderr: 'raftctl: --endpoints: "localhost" is not an address; write HOST:PORT, for example localhost:8180\n',
  })
})

test('set writes, and says where in the log', async () => {
  expect(await set('foo', 'bar')).toMatchObject({ code: 0, stdout: 'foo is set (revision 7)\n' })
  expect(node.keys.get('foo')).toBe('bar')
})

test('set takes an empty value, and after -- one that starts with a dash', async () => {
  await set('empty', '')
  await set('--', '-key', '--value')
  expect([node.keys.get('empty'), node.keys.get('-key')]).toEqual(['', '--value'])
})

test('set without a value says how to write an empty one', async () => {
  expect(await set('foo')).toMatchObject({ code: 2, stderr: "raftctl: missing VALUE; for an empty one: raftctl kv set foo ''\n" })
})

test('delete', async () => {
  node.keys.set('foo', 'bar')
  const remove = () => runCommand(KvDelete, 'kv:delete', ['foo', '-e', node.address])
  expect(await remove()).toMatchObject({ code: 0, stdout: 'foo is deleted (revision 8)\n' })
  expect(await remove()).toMatchObject({ code: 4, stdout: '', stderr: 'raftctl: there is no key "foo"\n' })
})
