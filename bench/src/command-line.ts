import { parseArgs } from 'node:util'

/** What the command line asks for. */
export type Request =
  | { readonly ask: 'run'; readonly names: readonly string[]; readonly quick: boolean }
  | { readonly ask: 'help' }
  | { readonly ask: 'nothing'; readonly because: string }

/** Without a name, everything there is. */
export function parseCommandLine(args: readonly string[], known: readonly string[]): Request {
  const options = { quick: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } as const
  let parsed: { values: { quick: boolean; help: boolean }; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    return { ask: 'nothing', because: firstLine(error) }
  }
  const { values, positionals } = parsed
  if (values.help) return { ask: 'help' }
  const unknown = positionals.find(name => !known.includes(name))
  if (unknown !== undefined) return { ask: 'nothing', because: `there is no benchmark '${unknown}': choose from ${known.join(', ')}` }
  return { ask: 'run', names: positionals.length > 0 ? [...new Set(positionals)] : known, quick: values.quick }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split(/\.\s|\n/)[0]!
}
