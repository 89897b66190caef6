// What holds for every command, and that the README knows all of them.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

type Flag = { readonly char?: string; readonly description?: string; readonly aliases?: readonly string[]; readonly type: string }
type Command = {
  readonly id: string
  readonly summary?: string
  readonly description?: string
  readonly examples?: readonly (string | { readonly description: string; readonly command: string })[]
  readonly flags: Readonly<Record<string, Flag>>
}

const script = fileURLToPath(new URL('support/print-manifest.js', import.meta.url))
const printed = execFileSync(process.execPath, ['--conditions=raft-source', '--import', 'tsx', script], { encoding: 'utf8' })
const { commands: byId } = JSON.parse(printed) as { readonly commands: Readonly<Record<string, Command>> }
const commands = Object.values(byId).sort((a, b) => a.id.localeCompare(b.id))

/** They print no answer: a node's log, a script for a shell, help. */
const withoutAnswer = ['completion', 'dev', 'help', 'node:join', 'node:start']

describe.each(commands)('$id', command => {
  const commandLines = (command.examples ?? []).map(example => (typeof example === 'string' ? example : example.command))

  test('says in one line what it does, and teaches with examples', () => {
    expect(command.summary).toMatch(/^[A-Z].{8,78}[^.]$/)
    expect(commandLines.length).toBeGreaterThan(0)
    expect(commandLines.some(line => line.includes(`<%= config.bin %> ${command.id.replaceAll(':', ' ')}`))).toBe(true)
  })

  test('its examples use only commands and flags that there are', () => {
    expect(commandLines.flatMap(unknownWords)).toEqual([])
  })

  test('every flag says what it does', () => {
    expect(Object.entries(command.flags).filter(([, { description = '' }]) => description.length < 7)).toEqual([])
  })

  test.skipIf(withoutAnswer.includes(command.id))('knows every format, and --field', () => {
    expect(Object.keys(command.flags)).toEqual(expect.arrayContaining(['output', 'field']))
  })
})

/** Of each call of raftctl in a line: what names no command, and flags that the command does not have. */
function unknownWords(line: string): string[] {
  const calls = line.split('<%= config.bin %> ').slice(1)
  return calls.flatMap(call => {
    const [mine = ''] = call.split(/ -- | \| |[;)>]/)
    const words = mine
      .replaceAll(/'[^']*'|"[^"]*"/g, 'x')
      .trim()
      .split(/\s+/)
    const command = byId[words.slice(0, 2).join(':')] ?? byId[words[0] ?? '']
    if (command === undefined) return [`no command: ${mine}`]
    const names = Object.entries(command.flags).flatMap(([name, { char, aliases = [] }]) => [name, char, ...aliases])
    return words.flatMap(word => {
      const flag = /^--?([a-z][\w-]*)/.exec(word)?.[1]
      return flag === undefined || flag === 'help' || names.includes(flag) ? [] : [`${command.id}: ${word}`]
    })
  })
}

test('the README lists every command with what it does', () => {
  const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
  const rows = [...readme.matchAll(/^\| `([a-z -]+)` +\| (.*?) +\|$/gm)].map(([, id, summary]) => [id, summary])
  expect(rows).toEqual(commands.map(({ id, summary }) => [id.replaceAll(':', ' '), summary]))
})
