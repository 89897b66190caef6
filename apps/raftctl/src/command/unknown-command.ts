import type { Interfaces } from '@oclif/core'
import { distance } from 'fastest-levenshtein'

type Program = { readonly bin: string; readonly known: readonly string[]; readonly topics: readonly string[] }

/** The same as a line for stderr. `id`: as oclif writes the words. */
export function unknownCommandLine(id: string, { bin, commands, topics }: Pick<Interfaces.Config, 'bin' | 'commands' | 'topics'>): string {
  const known = commands.filter(({ hidden }) => !hidden).map(command => command.id.replaceAll(':', ' '))
  const names = topics.map(({ name }) => name.replaceAll(':', ' '))
  return `${bin}: ${unknownCommand(id.replaceAll(':', ' '), { bin, known, topics: names })}\n`
}

/** What to say about words that are no command: the nearest one there is, if it is near enough to have been meant. */
export function unknownCommand(words: string, { bin, known, topics }: Program): string {
  const topic = topics.filter(name => `${words} `.startsWith(`${name} `)).sort((a, b) => b.length - a.length)[0]
  // Whoever has got a topic right means something below it.
  const near = nearest(words, topic === undefined ? [...known, ...topics] : known.filter(name => name.startsWith(`${topic} `)))
  const help = `"${[bin, topic, '--help'].filter(Boolean).join(' ')}" shows what there is`
  if (near === undefined) return `there is no command "${words}"; ${help}`
  return `there is no command "${near.written}"; did you mean "${bin} ${near.name}"? ${help}`
}

/** Of the words only so many as the command has: what follows are its arguments. */
function nearest(words: string, names: readonly string[]): { readonly name: string; readonly written: string } | undefined {
  const candidates = names.map(name => {
    const written = words.split(' ').slice(0, name.split(' ').length).join(' ')
    return { name, written, far: distance(written, name) }
  })
  const [best] = candidates.sort((a, b) => a.far - b.far || b.name.length - a.name.length)
  return best !== undefined && best.far <= Math.max(2, Math.floor(best.written.length / 3)) ? best : undefined
}
