import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parseCommandLine } from '../src/command-line.ts'

const known = ['core', 'stores']

describe('the command line', () => {
  test('without a name, everything', () => {
    expect(parseCommandLine([], known)).toEqual({ ask: 'run', names: known, everything: true, quick: false })
  })

  test('names, each once, and --quick anywhere', () => {
    expect(parseCommandLine(['stores', '--quick', 'stores'], known)).toEqual({
      ask: 'run',
      names: ['stores'],
      everything: false,
      quick: true,
    })
  })

  test('--help wins', () => {
    expect(parseCommandLine(['nonsense', '--help'], known)).toEqual({ ask: 'help' })
  })

  test('an unknown name is told in one line, with those there are', () => {
    const because = "there is no benchmark 'disk': choose from core, stores"
    expect(parseCommandLine(['core', 'disk'], known)).toEqual({ ask: 'nothing', because })
  })

  test('--times and --url', () => {
    const args = ['core', '--times', '3', '--url', 'http://127.0.0.1:1']
    expect(parseCommandLine(args, known)).toMatchObject({ ask: 'run', times: 3, url: 'http://127.0.0.1:1' })
    expect(parseCommandLine(['--times', 'often'], known)).toMatchObject({ ask: 'nothing', because: expect.stringContaining("'often'") })
    expect(parseCommandLine(['--url', 'here'], known)).toMatchObject({ ask: 'nothing', because: expect.stringContaining('--url') })
  })

  test('--minutes', () => {
    expect(parseCommandLine(['core', '--minutes', '0.5'], known)).toMatchObject({ ask: 'run', minutes: 0.5 })
    expect(parseCommandLine(['--minutes', '0'], known)).toMatchObject({ ask: 'nothing', because: expect.stringContaining("'0'") })
  })

  test('diff takes two names of anything', () => {
    expect(parseCommandLine(['diff', 'main', 'HEAD', '--quick'], known)).toMatchObject({
      ask: 'diff',
      before: 'main',
      after: 'HEAD',
      quick: true,
    })
    expect(parseCommandLine(['diff', 'main'], known)).toMatchObject({ ask: 'nothing' })
  })

  test('an unknown option is told in one line', () => {
    expect(parseCommandLine(['--fast'], known)).toEqual({ ask: 'nothing', because: "Unknown option '--fast'" })
  })
})

test('the program lists what there is, and refuses the rest', () => {
  const help = bench('--help')
  expect(help.status).toBe(0)
  expect(help.stdout).toMatch(/^ {2}core {2,}\S/m)

  const unknown = bench('nodes')
  expect(unknown.status).toBe(2)
  expect(unknown.stdout).toBe('')
  expect(unknown.stderr).toMatch(/^there is no benchmark 'nodes': choose from core, .* \(npm run bench -- --help\)\n$/)
})

function bench(...args: string[]) {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  return spawnSync(process.execPath, ['--conditions=raft-source', '--import', 'tsx', main, ...args], { cwd, encoding: 'utf8' })
}
