import type { Grammar, Place } from './grammar.ts'

/** Works with the bash 3.2 of macOS: no associative arrays, and nothing of the bash-completion package. */
export function bash({ bin, places }: Grammar): string {
  const name = `_${bin.replaceAll(/\W/g, '_')}`
  return `# ${bin} completion for bash
${name}() {
  local current previous path word index words
  current="\${COMP_WORDS[COMP_CWORD]}"
  previous="\${COMP_WORDS[COMP_CWORD-1]}"
  path=""
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$path $word" in
${places
  .filter(({ words }) => words.length > 0)
  .map(step)
  .join('\n')}
    esac
  done
  words=""
  case "$path" in
${places.map(wordsAt).join('\n')}
  esac
  case "$path $previous" in
${places.flatMap(valuesAt).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ $COMP_CWORD -gt 1 && \${#COMPREPLY[@]} -eq 0 && "$current" != -* ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o default -F ${name} ${bin}
`
}

const pathOf = ({ words }: Pick<Place, 'words'>): string => words.map(word => ` ${word}`).join('')

const step = (place: Place): string => `      "${pathOf(place)}") path="${pathOf(place)}" ;;`

/** Flags when a dash was typed; otherwise what may come next. */
function wordsAt(place: Place): string {
  const flags = place.flags.flatMap(({ names }) => names).join(' ')
  const next = [...place.next.map(({ word }) => word), ...place.values].join(' ')
  return `    "${pathOf(place)}") if [[ "$current" == -* ]]; then words="${flags}"; else words="${next}"; fi ;;`
}

/** After a flag that takes a value: the values that are known, or file names. */
function valuesAt(place: Place): string[] {
  return place.flags
    .filter(({ takesValue }) => takesValue)
    .map(({ names, values }) => `    ${names.map(name => `"${pathOf(place)} ${name}"`).join('|')}) words="${values.join(' ')}" ;;`)
}
