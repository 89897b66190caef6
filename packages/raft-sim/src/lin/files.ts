import { checkLinearizability } from './check.ts'
import { explainLinearizability } from './explain.ts'
import { BadHistory, readHistory } from './read-history.ts'

export type Console = {
  /** Throws if there is no such file. */
  readonly read: (file: string) => string
  readonly out: (text: string) => unknown
  readonly error: (text: string) => unknown
}

const usage = `npm run lin -- FILE…

Says of each file whether the history in it is linearizable. One operation a line, as JSON:
  {"client":1,"op":"read","key":"a","value":"x","call":1,"return":2}
op is read (value: what it returned, null for nothing), write, append, or cas (with "expected" and "ok").
call and return are numbers on one clock; "return":null means that the outcome is unknown.

Exit code 0 if all are linearizable, 1 if one is not or was not decided, 2 if one cannot be read.
`

/** Checks one file after the other; returns the exit code. */
export function checkFiles(files: readonly string[], console: Console): 0 | 1 | 2 {
  if (files.includes('--help')) {
    console.out(usage)
    return 0
  }
  if (files.length === 0) {
    console.error(`name at least one file\n\n${usage}`)
    return 2
  }
  const codes = files.map(file => checkFile(file, console))
  return codes.includes(2) ? 2 : codes.includes(1) ? 1 : 0
}

function checkFile(file: string, { read, out, error }: Console): 0 | 1 | 2 {
  try {
    const verdict = checkLinearizability(readHistory(read(file)))
    out(`${file}: ${verdict.result}\n`)
    for (const line of explainLinearizability(verdict)) out(`  ${line}\n`)
    return verdict.result === 'linearizable' ? 0 : 1
  } catch (problem) {
    if (!(problem instanceof BadHistory) && !isFileProblem(problem)) throw problem
    error(`${file}: ${problem.message}\n`)
    return 2
  }
}

function isFileProblem(problem: unknown): problem is Error {
  return problem instanceof Error && 'code' in problem && 'syscall' in problem
}
