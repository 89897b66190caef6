import type { FlagWord, Grammar, Place } from './grammar.ts'

/** For a file \`_raftctl\` in a folder of $fpath, or \`source <(raftctl completion zsh)\` after compinit. */
export function zsh({ bin, places }: Grammar): string {
  const name = `_${bin.replaceAll(/\W/g, '_')}`
  return `#compdef ${bin}
# ${bin} completion for zsh
${name}() {
  local place="" word
  local -i index
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    case "$place $word" in
${places
  .filter(({ words }) => words.length > 0)
  .map(step)
  .join('\n')}
    esac
  done
  local -a next flags
  case "$place" in
${places.map(choices).join('\n')}
  esac
  if [[ "\${words[CURRENT]}" != -* ]] && (( \${#next} )) && [[ "\${words[CURRENT-1]}" != --* ]]; then
    _describe -t commands 'command' next
    return
  fi
  _arguments -S "\${flags[@]}" '*:file:_files'
}
if [[ "$funcstack[1]" == "${name}" ]]; then ${name} "$@"; else compdef ${name} ${bin}; fi
`
}

const pathOf = ({ words }: Pick<Place, 'words'>): string => words.map(word => ` ${word}`).join('')

const step = (place: Place): string => `      "${pathOf(place)}") place="${pathOf(place)}" ;;`

function choices(place: Place): string {
  const next = [...place.next.map(({ word, summary }) => `'${word}:${summary}'`), ...place.values.map(value => `'${value}'`)]
  const flags = place.flags.flatMap(flagSpecs)
  return `    "${pathOf(place)}") next=(${next.join(' ')}); flags=(${flags.join(' ')}) ;;`
}

function flagSpecs({ names, summary, takesValue, values }: FlagWord): string[] {
  const value = takesValue ? `:value:${values.length > 0 ? `(${values.join(' ')})` : '_files'}` : ''
  return names.map(name => `'*${name}${takesValue && name.startsWith('--') ? '=' : ''}[${summary}]${value}'`)
}
