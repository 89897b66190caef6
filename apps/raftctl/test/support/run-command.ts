// Runs a command in this process, from its source, as the program would.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, Config, Help } from '@oclif/core'
import { vi } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
// No commands for oclif to look up: the tests hand it the classes.
const pjson = { ...manifest, oclif: { ...manifest.oclif, commands: { strategy: 'pattern', target: './none' }, plugins: [] } }

export type CommandClass = typeof Command & { run(argv: string[], config: Config): Promise<unknown> }
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string; readonly value: unknown }

export async function runCommand(command: unknown, id: string, argv: readonly string[]): Promise<Ran> {
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

export async function helpOf(command: unknown, id: string): Promise<string> {
  const config = await Config.load({ root, pjson })
  const output = capture()
  const commandClass = command as CommandClass
  commandClass.id = id
  const { toCached } = await import('@oclif/core/util/cache-command' as string).catch(() => ({ toCached: undefined }))
  const cached = toCached ? await toCached(commandClass) : commandClass
  await new Help(config, { maxWidth: 120, stripAnsi: true }).showCommandHelp({ ...cached, id, load: async () => commandClass })
  return output.end().stdout
}

function capture(): { end(): { stdout: string; stderr: string } } {
  const written = { stdout: '', stderr: '' }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(text => Boolean((written.stdout += String(text)))),
    vi.spyOn(process.stderr, 'write').mockImplementation(text => Boolean((written.stderr += String(text)))),
    vi.spyOn(console, 'log').mockImplementation(text => void (written.stdout += `${text}\n`)),
    vi.spyOn(console, 'error').mockImplementation(text => void (written.stderr += `${text}\n`)),
  ]
  return {
    end() {
      for (const spy of spies) spy.mockRestore()
      return written
    },
  }
}
