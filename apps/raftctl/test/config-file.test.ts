import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import NodeJoin from '../src/commands/node/join.ts'
import NodeStart from '../src/commands/node/start.ts'
import { settingsOfFile } from '../src/node/config-file.ts'
import { limitsOf } from '../src/node/limit-flags.ts'
import { runCommand } from './support/run-command.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'raftctl-config-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true, force: true })
})

function file(contents: unknown): string {
  const path = join(dir, 'node.json')
  writeFileSync(path, typeof contents === 'string' ? contents : JSON.stringify(contents))
  return path
}

const start = (...argv: string[]) => runCommand(NodeStart, 'node:start', argv)

/** Lines of --print-config, by setting. */
async function printed(...argv: string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await start('--print-config', ...argv)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return Object.fromEntries(stdout.split('\n').map(line => [line.split(/\s+/)[0] ?? '', line.trim().replaceAll(/ {2,}/g, ' | ')]))
}

describe('settings of a node', () => {
  it('come from flags, from the environment and from a file, in this order of strength', async () => {
    vi.stubEnv('RAFT_HTTP', 'localhost:2')
    vi.stubEnv('RAFT_RAFT', 'localhost:3')
    const config = file({
      dir: '/tmp/of-file',
      http: 'localhost:9',
      raft: 'localhost:9',
      id: 'n9',
      'log-level': 'warn',
      'value-bytes-max': 77,
    })
    const lines = await printed('--config', config, '-httpaddr', 'localhost:1')
    expect(lines.http).toBe('http | localhost:1 | flag | RAFT_HTTP')
    expect(lines.raft).toBe('raft | localhost:3 | environment | RAFT_RAFT')
    expect(lines.id).toBe('id | n9 | file | RAFT_ID')
    expect(lines['value-bytes-max']).toMatch(/^value-bytes-max \| 77 \| file \| RAFT_VALUE_BYTES_MAX$/)
    expect(lines['key-bytes-max']).toMatch(/\| 4096 \| default/)
    expect(lines.dir).toBe('dir | /tmp/of-file | RAFT_DIR')
  })

  it('take the file of RAFT_CONFIG, lists and what is true or false', async () => {
    vi.stubEnv('RAFT_CONFIG', file({ join: ['localhost:1', 'localhost:2'], insecure: true, quiet: false }))
    const lines = await printed('/tmp/folder')
    expect(lines.join).toBe('join | localhost:1,localhost:2 | file | RAFT_JOIN')
    expect(lines.insecure).toBe('insecure | true | file | RAFT_INSECURE')
    expect(lines.quiet).toBe('quiet | false | file | RAFT_QUIET')
  })

  it('do not show secrets', async () => {
    vi.stubEnv('RAFT_JOIN_SECRET', 'join-very-secret')
    expect((await printed())['join-secret']).toBe('join-secret | (set) | environment | RAFT_JOIN_SECRET')
  })

  it.each([
    ['{"http"', /node\.json: it is not JSON/],
    ['[]', /it is not an object/],
    ['{"htpt":"x"}', /there is no setting "htpt": they are named as the flags are/],
    ['{"__proto__":"x"}', /there is no setting "__proto__"/],
    ['{"replace":true}', /there is no setting "replace"/],
    ['{"insecure":"yes"}', /insecure is neither true nor false/],
    ['{"id":{}}', /id is neither text nor a number/],
    ['{"dir":1}', /dir is not a string/],
    ['{"log-level":"loud"}', /log-level=loud to be one of: debug, info/],
    ['{"tick-ms":"soon"}', /integer.*soon/],
    ['{"tls-cert":"a.pem"}', /tls-key/],
  ])('of a wrong file %s are refused: one line, exit code 2', async (contents, line) => {
    const { code, stderr, stdout } = await start('--config', file(contents), '--print-config')
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 })
    expect(stderr).toMatch(line)
  })

  it('of a file that is not there are refused', async () => {
    expect(await start('--config', join(dir, 'none'))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/cannot be read \(ENOENT\)/),
    })
  })

  it('lack what nothing can stand for', async () => {
    expect(await start()).toMatchObject({ code: 2, stderr: expect.stringMatching(/^raftctl: missing DIR/) })
    const joined = await runCommand(NodeJoin, 'node:join', ['--config', file({ dir: '/tmp/x' })])
    expect(joined).toMatchObject({ code: 2, stderr: expect.stringMatching(/^raftctl: missing --join/) })
  })
})

test('words after -- are no flags', () => {
  const flags = { http: { type: 'option' as const } }
  expect(settingsOfFile(['--config', file({ http: 'a' }), '--', '--http'], {}, flags).words).toEqual(['--http=a'])
})

test('a limit in milliseconds is no longer than a timer can be', async () => {
  expect(await printed('--request-timeout-ms', '2147483647')).toMatchObject({ 'request-timeout-ms': expect.stringContaining('2147483647') })
  for (const flag of ['--request-timeout-ms', '--progress-ms']) {
    const ran = await start('/tmp/none', flag, '2147483648')
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining(`${flag.slice(2)}`) })
    expect(ran.stderr).toContain('2147483647')
  }
})

test('limits have the names that the server knows', () => {
  expect(limitsOf({ 'value-bytes-max': 5, http: 'x' })).toEqual({ valueBytesMax: 5 })
})
