import { parseArgs } from 'node:util'

/** What the command line asks for. */
export type Request = RunRequest | DiffRequest | { readonly ask: 'help' } | { readonly ask: 'nothing'; readonly because: string }

type Options = {
  readonly quick: boolean
  /** Rounds or kills; undefined: as many as the benchmark finds right. */
  readonly times: number | undefined
  /** How long; undefined: as the benchmark finds right. */
  readonly minutes: number | undefined
  /** Another server to compare with. */
  readonly url: string | undefined
}
export type RunRequest = Options & {
  readonly ask: 'run'
  readonly names: readonly string[]
  /** Nobody named any. */
  readonly everything: boolean
}
export type DiffRequest = Options & { readonly ask: 'diff'; readonly before: string; readonly after: string }

const options = {
  quick: { type: 'boolean', default: false },
  times: { type: 'string' },
  minutes: { type: 'string' },
  url: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Without a name, everything there is. */
export function parseCommandLine(args: readonly string[], known: readonly string[]): Request {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    return { ask: 'nothing', because: firstLine(error) }
  }
  const { values, positionals } = parsed
  if (values.help) return { ask: 'help' }
  const times = values.times === undefined ? undefined : Number(values.times)
  if (times !== undefined && !(Number.isInteger(times) && times > 0)) return nothing(`--times takes a whole number, not '${values.times}'`)
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes)
  if (minutes !== undefined && !(minutes > 0)) return nothing(`--minutes takes a number above 0, not '${values.minutes}'`)
  if (values.url !== undefined && !URL.canParse(values.url)) return nothing(`--url takes an address such as http://127.0.0.1:8180`)
  const { quick = false, url } = values
  if (positionals[0] === 'diff') return diffRequest(positionals.slice(1), { quick, times, minutes, url })
  const unknown = positionals.find(name => !known.includes(name))
  if (unknown !== undefined) return nothing(`there is no benchmark '${unknown}': choose from ${known.join(', ')}`)
  const everything = positionals.length === 0
  return { ask: 'run', names: everything ? known : [...new Set(positionals)], everything, quick, times, minutes, url }
}

function diffRequest([before, after, ...rest]: readonly string[], options: Options): Request {
  if (before === undefined || after === undefined || rest.length > 0) return nothing('diff takes two results or two commits')
  return { ask: 'diff', before, after, ...options }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

function nothing(because: string): Request {
  return { ask: 'nothing', because }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split(/\.\s|\n/)[0]!
}
