// The whole program, as a child process from its sources: what oclif makes of the commands.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const dev = fileURLToPath(new URL('../bin/dev.js', import.meta.url))

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

function raftctl(...args: string[]): Promise<Ran> {
  const argv = ['--conditions=raft-source', '--import', 'tsx', dev, ...args]
  return new Promise(resolve =>
    execFile(process.execPath, argv, { env: { ...process.env, NODE_ENV: 'production' } }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    ),
  )
}

test('--help lists the topics', async () => {
  const { stdout, code } = await raftctl('--help')
  expect(code).toBe(0)
  for (const topic of ['cluster', 'kv', 'node']) expect(stdout).toMatch(new RegExp(`^ +${topic} `, 'm'))
})

test('node start --help teaches the exercise', async () => {
  const help = await raftctl('node', 'start', '--help')
  const stdout = help.stdout.replaceAll(/\\\n\s+/g, '') // lines that were broken for the terminal
  expect(stdout).toContain('$ raftctl node start --http localhost:8180 --raft localhost:8186 /tmp/raft1')
  expect(stdout).toContain('--join localhost:8180 /tmp/raft2')
  expect(stdout).toMatch(/WIPED_MEMBER: an empty folder/)
  expect(stdout).toContain('env: RAFT_JOIN')
})

test.each([
  [['node', 'start'], /^raftctl: missing DIR, the folder for the node's data/],
  [['node', 'start', '--htpt', 'x', '/tmp/n'], /^raftctl: unknown flag --htpt; "raftctl node start --help" shows what there is/],
  [['node', 'join', '/tmp/n'], /^raftctl: missing --join, the HTTP address of a member; "raftctl node join --help"/],
  [['kv', 'get', 'foo', '-o', 'xml'], /one of: table, json, yaml, csv/],
  [['kv', 'get', 'foo', '--timeout', 'soon'], /integer.*soon/],
  [['kv', 'get', 'foo', 'bar'], /unexpected argument: bar/],
] as const)('%j: one line that says what to do, exit code 2', async (args, line) => {
  const { code, stdout, stderr } = await raftctl(...args)
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 })
  expect(stderr).toMatch(line)
})
