import type { FlagWord, Grammar, Place } from './grammar.ts'

/** For `~/.config/fish/completions`. One line for every word: fish asks a condition where it stands. */
export function fish({ bin, places }: Grammar): string {
  const name = `__${bin.replaceAll(/\W/g, '_')}_place`
  const known = places.filter(({ words }) => words.length > 0)
  return `# ${bin} completion for fish
function ${name}
    set -l place ""
    for word in (commandline -opc)[2..-1]
        switch "$place $word"
${known.map(step).join('\n')}
        end
    end
    test "$place" = "$argv[1]"
end
complete -c ${bin} -f
${places.flatMap(place => lines(bin, name, place)).join('\n')}
`
}

const pathOf = ({ words }: Pick<Place, 'words'>): string => words.map(word => ` ${word}`).join('')

function step(place: Place): string {
  return `            case "${pathOf(place)}"\n                set place "${pathOf(place)}"`
}

function lines(bin: string, name: string, place: Place): string[] {
  const begin = `complete -c ${bin} -n '${name} "${pathOf(place)}"'`
  return [
    ...place.next.map(({ word, summary }) => `${begin} -a ${word} -d '${summary}'`),
    ...place.values.map(value => `${begin} -a ${value}`),
    ...(place.flags.length > 0 && place.values.length === 0 ? [`${begin} -F`] : []),
    ...place.flags.map(flag => `${begin} ${flagWords(flag)}`),
  ]
}

function flagWords({ names, summary, takesValue, values }: FlagWord): string {
  const words = names.map(name => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const value = !takesValue ? [] : values.length > 0 ? ['-x', `-a '${values.join(' ')}'`] : ['-r', '-F']
  return [...words, ...value, `-d '${summary}'`].join(' ')
}
