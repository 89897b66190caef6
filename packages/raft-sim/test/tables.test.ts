import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { promised, withTables } from './tables/tables.ts'

const source = new URL('../src/', import.meta.url)

test('the tables in docs/testing.md are fresh: `npm run tables -w raft-sim -- --write` makes them so', () => {
  const document = readFileSync(new URL('../../../docs/testing.md', import.meta.url), 'utf8')
  expect(withTables(document)).toBe(document)
})

test('each invariant has a file of its own, named for it, and a section', () => {
  for (const { name, section, statement, file } of promised()) {
    const text = readFileSync(new URL(file, source), 'utf8')
    if (file.startsWith('invariants/')) expect(text).toContain(`name: '${name}'`)
    expect(section).toMatch(/^\d/)
    expect(statement).toMatch(/^[A-Z].*\.$/)
  }
})

test('whatever can be violated is in the table', () => {
  const known = promised().map(({ name }) => name)
  const names = sourcesOf().flatMap(text => [...text.matchAll(/(?:new Violation\(|invariant: )'([a-z-]+)'/g)].map(match => match[1]))
  expect(names.length).toBeGreaterThan(8)
  expect(names.filter(name => !known.includes(name ?? ''))).toEqual([])
})

/** The model checker has invariants of its own. */
function sourcesOf(): string[] {
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    name => name.endsWith('.ts') && !/^(?:mutants|check)/.test(name),
  )
  return names.map(name => readFileSync(new URL(name, source), 'utf8'))
}
