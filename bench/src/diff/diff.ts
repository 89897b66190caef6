import { existsSync } from 'node:fs'
import type { DiffRequest } from '../command-line.ts'
import type { Figure } from '../figure.ts'
import type { Progress } from '../progress.ts'
import { readResult } from '../report/result.ts'
import { measureCommits } from './commits.ts'
import { compareFigures, differencesTable, isWorse } from './differences.ts'

/** Two results, or two commits in turns. `slower`: something got worse by more than its runs lie apart. Throws with one line. */
export async function diff(request: DiffRequest, progress: Progress): Promise<{ readonly text: string; readonly slower: boolean }> {
  const { before, after } = request
  const [old, now] = await figuresOf(request, progress)
  const differences = compareFigures(old, now)
  if (differences.length === 0) throw new Error(`${before} and ${after} have no figure in common`)
  const worse = differences.filter(isWorse)
  const verdict = worse.length === 0 ? 'Nothing got worse.' : `Worse: ${worse.length} of ${differences.length}.`
  return { text: `${differencesTable(differences, before, after)}\n\n${verdict}`, slower: worse.length > 0 }
}

async function figuresOf(request: DiffRequest, progress: Progress): Promise<readonly [readonly Figure[], readonly Figure[]]> {
  const { before, after } = request
  const files = [before, after].map(name => existsSync(name))
  if (files[0] !== files[1])
    throw new Error(`${files[0] ? after : before} is no file, but ${files[0] ? before : after} is: name two of a kind`)
  if (!files[0]) return measureCommits(request, progress)
  return [readResult(before).figures ?? [], readResult(after).figures ?? []]
}
