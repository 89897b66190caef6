import type { Config } from '@oclif/core'

export type FlagWord = {
  /** `--output`, and `-o` where there is a short one. */
  readonly names: readonly string[]
  readonly summary: string
  readonly takesValue: boolean
  /** The only values that it takes, where those are known. */
  readonly values: readonly string[]
}

/** A command or a topic, and what may follow it. */
export type Place = {
  /** The words before: none at the root. */
  readonly words: readonly string[]
  readonly next: readonly { readonly word: string; readonly summary: string }[]
  readonly flags: readonly FlagWord[]
  /** What the first argument may be, where that is known. */
  readonly values: readonly string[]
}

export type Grammar = { readonly bin: string; readonly places: readonly Place[] }

/** What a shell needs to know to complete a line, from the commands themselves. */
export function grammarOf({ bin, commands, topics }: Pick<Config, 'bin' | 'commands' | 'topics'>): Grammar {
  const visible = commands.filter(({ hidden }) => !hidden)
  const summaries = new Map<string, string>(topics.map(({ name, description = '' }) => [name, firstSentence(description)]))
  for (const { id, summary = '' } of visible) summaries.set(id, firstSentence(summary))
  const names = new Set(['', ...summaries.keys()])
  return { bin, places: [...names].sort().map(name => placeOf(name, summaries, visible)) }
}

function placeOf(name: string, summaries: ReadonlyMap<string, string>, commands: Config['commands']): Place {
  const begin = name === '' ? '' : `${name}:`
  const next = [...summaries]
    .filter(([other]) => other.startsWith(begin) && other !== name && !other.slice(begin.length).includes(':'))
    .map(([other, summary]) => ({ word: other.slice(begin.length), summary }))
    .sort((a, b) => a.word.localeCompare(b.word))
  const command = commands.find(({ id }) => id === name)
  const flags = Object.entries(command?.flags ?? {}).filter(([, { hidden }]) => !hidden)
  const [first] = Object.values(command?.args ?? {})
  return {
    words: name === '' ? [] : name.split(':'),
    next,
    flags: flags.map(([flag, about]) => flagOf(flag, about)),
    values: first?.options ?? [],
  }
}

type About = NonNullable<Config['commands'][number]['flags']>[string]

function flagOf(name: string, about: About): FlagWord {
  const takesValue = about.type === 'option'
  return {
    names: [`--${name}`, ...(about.char === undefined ? [] : [`-${about.char}`])],
    summary: firstSentence(about.summary ?? about.description ?? ''),
    takesValue,
    values: (takesValue && about.options) || [],
  }
}

/** One line without anything that a shell might take for its own. */
function firstSentence(text: string): string {
  const [first = ''] = text.split(/[;\n]|(?<=\w)\. /)
  return first
    .replaceAll(/: /g, ', ')
    .replaceAll(/["'`$\\[\]:]/g, '')
    .trim()
}
