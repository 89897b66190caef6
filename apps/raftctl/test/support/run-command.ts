// Runs a command in this process, from its source, as the program would.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, Config } from '@oclif/core'
import { vi } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
// No commands for oclif to look up: the tests hand it the classes.
const pjson = { ...manifest, oclif: { ...manifest.oclif, commands: { strategy: 'pattern', target: './none' }, plugins: [] } }

type CommandClass = typeof Command & { run(argv: string[], config: Config): Promise<unknown> }
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string; readonly value: unknown }

export async function runCommand(command: unknown, id: string, argv: readonly string[]): Promise<Ran> {
  vi.stubEnv('RAFTCTL_CONFIG', '/nowhere/contexts.json') // whoever runs the tests may have some
  const config = await Config.load({ root, pjson })
  const commandClass = command as CommandClass
  commandClass.id = id
  const output = capture()
  try {
    const value = await commandClass.run([...argv], config)
    return { code: 0, value, ...output.end() }
  } catch (error) {
    const code = (error as { oclif?: { exit?: number } }).oclif?.exit
    return { code: code ?? -1, value: undefined, ...output.end() }
  }
}

function capture(): { end(): { stdout: string; stderr: string } } {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(text => stdout.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation(text => stderr.push(String(text)) > 0),
    vi.spyOn(console, 'log').mockImplementation(text => void stdout.push(`${text}\n`)),
    vi.spyOn(console, 'error').mockImplementation(text => void stderr.push(`${text}\n`)),
  ]
  return {
    end() {
      for (const spy of spies) spy.mockRestore()
      return { stdout: stdout.join(''), stderr: stderr.join('') }
    },
  }
}
