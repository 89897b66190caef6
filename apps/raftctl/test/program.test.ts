// The whole program, as a child process from its sources: what oclif makes of the commands.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const dev = fileURLToPath(new URL('../bin/dev.js', import.meta.url))

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

const source = ['--conditions=raft-source', '--import', 'tsx', dev]

function raftctl(...args: string[]): Promise<Ran> {
  return run(process.execPath, [...source, ...args])
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise(resolve =>
    execFile(file, args, { env: { ...process.env, NODE_ENV: 'production', ...env } }, (error, stdout, stderr) =>
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
  [['kv', 'gte', '--help'], /^raftctl: there is no command "kv gte"; did you mean "raftctl kv get"\?/],
  [['help', 'nodee'], /^raftctl: there is no command "nodee"; did you mean "raftctl node"\?/],
  [
    ['node', 'start', '--http', 'localhost:1', '--raft', 'localhost:1', '/tmp/n'],
    /^raftctl: --http and --raft are both localhost:1: clients and peers/,
  ],
] as const)('%j: one line that says what to do, exit code 2', async (args, line) => {
  const { code, stdout, stderr } = await raftctl(...args)
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 })
  expect(stderr).toMatch(line)
})

test('a variable that is neither true nor false is refused', async () => {
  const { code, stderr } = await run(process.execPath, [...source, 'node', 'start', '/tmp/n'], { RAFT_INSECURE: 'maybe' })
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'raftctl: RAFT_INSECURE is "maybe": give true or false\n' })
})

test.skipIf(!existsSync('/dev/full'))('output that cannot be written says that what was asked for may have been done', async () => {
  for (const args of ['context list -o json', 'kv set --help']) {
    const { code, stderr } = await run('/bin/sh', ['-c', `exec "$0" "$@" ${args} >/dev/full`, process.execPath, ...source])
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr: 'raftctl: the output cannot be written (ENOSPC); what was asked for may have been done: look before you ask again\n',
    })
  }
})
