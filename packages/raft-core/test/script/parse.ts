/** A few commands, and below `---` everything that happened then. */
export type Block = { readonly input: string; readonly commands: readonly Command[] }

export type Command = {
  readonly name: string
  readonly args: readonly string[]
  readonly options: ReadonlyMap<string, string>
  /** Written in parentheses: what it prints is left out. */
  readonly silent: boolean
}

export function parseScript(script: string): Block[] {
  const blocks = script.split(/\n\n+/).map(block => block.split('\n---')[0]?.trim() ?? '')
  return blocks.filter(input => input !== '').map(input => ({ input, commands: parseCommands(input) }))
}

function parseCommands(input: string): Command[] {
  const lines = input.split('\n').map(line => line.trim())
  return lines.filter(line => line !== '' && !line.startsWith('#')).map(parseCommand)
}

function parseCommand(line: string): Command {
  const silent = /^\(.*\)$/.test(line)
  const [name = '', ...words] = (silent ? line.slice(1, -1) : line).split(/\s+/)
  // Only `propose` takes words with a `=` that are not options.
  const isOption = (word: string) => word.includes('=') && name !== 'propose'
  const options = words.filter(isOption).map(word => word.split('=', 2) as [string, string])
  return { name, args: words.filter(word => !isOption(word)), options: new Map(options), silent }
}
