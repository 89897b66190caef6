import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { diff } from './diff.ts'
import { findTranscripts } from './files.ts'
import { type Mismatch, play } from './transcript.ts'

const absentDefault = ': the transcripts are not part of this repository; name the files or folders to play'
const defaultFolder = fileURLToPath(new URL('../../../../shared/conformance', import.meta.url))

/** Plays every transcript in the files and folders named, and says how it went. */
function main(names: readonly string[]): number {
  const paths = names.length > 0 ? names.map(name => resolve(name)) : [defaultFolder]
  const { files, missing } = findTranscripts(paths)
  for (const path of missing) console.error(`${show(path)} does not exist${names.length === 0 ? absentDefault : ''}`)
  const failed = files.filter(file => !passes(file)).length
  if (files.length === 0 && missing.length === 0) console.error(`no transcripts (*.txt) in ${paths.map(show).join(', ')}`)
  console.log(`${files.length - failed} passed, ${failed} failed`)
  return failed > 0 || missing.length > 0 || files.length === 0 ? 1 : 0
}

function passes(file: string): boolean {
  const mismatch = tryPlay(file)
  console.log(mismatch === undefined ? `pass ${show(file)}` : `FAIL ${show(file)}${explain(mismatch)}`)
  return mismatch === undefined
}

function tryPlay(file: string): Mismatch | Error | undefined {
  try {
    return play(readFileSync(file, 'utf8'))
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function explain(mismatch: Mismatch | Error): string {
  if (mismatch instanceof Error) return `: ${mismatch.message}`
  const { block, expected, actual } = mismatch
  const lines = [...block.source, '----', ...diff(expected, actual)]
  return [`, line ${block.line}: - expected, + printed`, ...lines.map(line => `    ${line}`)].join('\n')
}

function show(path: string): string {
  return relative(process.cwd(), path) || '.'
}

process.exitCode = main(process.argv.slice(2))
