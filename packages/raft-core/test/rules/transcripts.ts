import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type Transcript = {
  readonly name: string
  readonly text: string
  readonly rules: readonly number[]
  readonly options: ReadonlyMap<string, string>
}

const folder = fileURLToPath(new URL('../scripts', import.meta.url))

export function readTranscripts(): Transcript[] {
  return readdirSync(folder)
    .sort()
    .map(file => {
      const text = readFileSync(`${folder}/${file}`, 'utf8')
      return { name: file.replace(/\.txt$/, ''), text, rules: rulesOf(text), options: optionsOf(text) }
    })
}

function rulesOf(text: string): number[] {
  const list = /^# rules: (.*)$/m.exec(text)?.[1] ?? ''
  return list === '' ? [] : list.split(', ').map(Number)
}

/** What the transcript sets on its `cluster` line. All else is as by default. */
function optionsOf(text: string): Map<string, string> {
  const line = /^cluster (.*)$/m.exec(text)?.[1] ?? ''
  return new Map(line.split(' ').flatMap(word => (word.includes('=') ? [word.split('=', 2) as [string, string]] : [])))
}
