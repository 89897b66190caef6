import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Conditions } from '../conditions/conditions.ts'
import type { Figure, Plot } from '../figure.ts'
import type { Machine } from '../machine.ts'
import { htmlReport } from './html.ts'

/** What a run leaves in `results/NAME.json`; beside this, whatever data the benchmark itself has. */
export type Result = {
  readonly benchmark: string
  readonly about: string
  /** ISO 8601. */
  readonly started: string
  readonly quick: boolean
  readonly machine: Machine
  readonly conditions?: Conditions
  readonly text: string
  readonly figures?: readonly Figure[]
  readonly plots?: readonly Plot[]
  readonly ratios?: readonly (readonly string[])[]
}

/** Writes one result, and the page of all that the folder holds. Returns both paths. */
export function writeResult(folder: string, result: Result): { readonly json: string; readonly html: string } {
  const json = join(folder, `${result.benchmark}.json`)
  const html = join(folder, 'report.html')
  writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(html, htmlReport(readResults(folder)))
  return { json, html }
}

/** Throws with one line for a file that holds none. */
export function readResult(file: string): Result {
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as Partial<Result>
    if (typeof result.benchmark === 'string' && typeof result.text === 'string') return result as Result
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  throw new Error(`${file} is no result of a benchmark`)
}

function readResults(folder: string): Result[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.json'))
  return names.sort().flatMap(name => {
    try {
      return [readResult(join(folder, name))]
    } catch {
      return [] // of an older version: it is left out, and stays
    }
  })
}
