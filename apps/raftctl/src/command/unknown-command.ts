import { closest, distance } from 'fastest-levenshtein'

type Program = { readonly bin: string; readonly known: readonly string[]; readonly topics: readonly string[] }

/** What to say about words that are no command: the nearest one there is, if it is near enough to have been meant. */
export function unknownCommand(words: string, { bin, known, topics }: Program): string {
  const topic = topics.filter(name => words.startsWith(`${name} `)).sort((a, b) => b.length - a.length)[0]
  const nearest = closest(words, [...known, ...topics])
  const meant = distance(words, nearest) <= Math.max(2, Math.floor(words.length / 3)) ? `; did you mean "${bin} ${nearest}"?` : ';'
  return `there is no command "${words}"${meant} "${[bin, topic, '--help'].filter(Boolean).join(' ')}" shows what there is`
}
