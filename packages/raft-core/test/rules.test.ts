import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { rules } from './rules/rules.ts'
import { options, withTables } from './rules/tables.ts'
import { readTranscripts } from './rules/transcripts.ts'
import { runScript } from './script/run.ts'

const transcripts = readTranscripts()
const root = fileURLToPath(new URL('../../../', import.meta.url))

describe('golden transcripts', () => {
  test('the tables in docs/testing.md are fresh: `npm run rules -w raft-core -- --write` makes them so', () => {
    const document = readFileSync(`${root}docs/testing.md`, 'utf8')
    expect(withTables(document, transcripts)).toBe(document)
  })

  test('there are at least 60, each with a title', () => {
    expect(transcripts.length).toBeGreaterThanOrEqual(60)
    for (const { name, text } of transcripts) expect(text.startsWith('# '), name).toBe(true)
  })

  test('every rule is shown by a transcript, tested elsewhere, or does not apply', () => {
    for (const [number, { tests = [], because }] of Object.entries(rules)) {
      const shown = transcripts.filter(one => one.rules.includes(Number(number)))
      expect(shown.length > 0 || tests.length > 0 || because !== undefined, `rule ${number}`).toBe(true)
    }
    const unknown = transcripts.flatMap(one => one.rules).filter(number => !(number in rules))
    expect(unknown).toEqual([])
  })

  test('the tests that are named exist', () => {
    expect(Object.values(rules).flatMap(({ tests = [] }) => tests.filter(path => !existsSync(`${root}${path}`)))).toEqual([])
  })

  test.for(Object.entries(options))('some transcript runs with %s=%s', ([name, other]) => {
    expect(transcripts.some(one => one.options.get(name) === other)).toBe(true)
  })

  test('every cell of the behaviour table that is not silence is reached', () => {
    const cells = new Set<string>()
    for (const { text } of transcripts) runScript(text, cells)
    expect(rulesOfTheTable().filter(cell => !cells.has(cell))).toEqual([])
  })
})

/** Read from the source, so that a new message cannot be forgotten. What a second leader says is refused as it should be. */
function rulesOfTheTable(): string[] {
  const source = readFileSync(`${root}packages/raft-core/src/behaviour.ts`, 'utf8')
  const tables = [...source.matchAll(/^const (\w+): Rules<\w+> = \{([^}]*)\}/gm)]
  expect(tables).toHaveLength(4)
  return tables.flatMap(([, role, body]) => {
    const cells = [...body!.matchAll(/(\w+): (\w+),/g)]
    expect(cells).toHaveLength(14)
    return cells.flatMap(([, type, rule]) => (rule === 'ignore' || rule === 'distrust' ? [] : [`${role} × ${type}`]))
  })
}
