import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'

/** Words as a shell parts them: spaces between, quotes of both kinds around, a backslash before a character that counts as itself. */
export function wordsOf(text: string, flag: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (character === '\\' && quote !== "'") {
      word = (word ?? '') + (text[++at] ?? '')
    } else if (quote !== '') {
      if (character === quote) quote = ''
      else word += character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + character
    }
  }
  if (quote !== '') throw new Failure(`${flag} '${text}': a ${quote} is open; close it`, exitCodes.usage)
  return word === undefined ? words : [...words, word]
}
