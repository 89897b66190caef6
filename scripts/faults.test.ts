import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The table of faults in docs/testing.md names tests, scenarios, programs and what simulations see: all of that must exist. */
const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const scenarios = 'apps/raftctl/test/e2e/scenarios'
const e2e = readdirSync(join(root, scenarios)).map(name => read(`${scenarios}/${name}`))
const chaos = read('apps/raftctl/src/chaos/faults.ts')
const simulated = ['coverage.ts', 'node/scenario.ts'].map(file => read(`packages/raft-sim/src/${file}`)).join()
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

function exists(reference: string): boolean {
  const [, kind = '', what = ''] = /^([\w-]+): (.+)$/.exec(reference) ?? []
  if (kind === 'e2e') return e2e.some(text => text.includes(`name: '${what}`))
  if (kind === 'chaos') return chaos.includes(`name: '${what}'`)
  if (kind === 'sim') return simulated.includes(`'${what}'`) || simulated.includes(`readonly ${what}: `)
  if (reference.startsWith('npm run ')) return reference.slice('npm run '.length) in scripts
  const [path = '', title = ''] = reference.split(/: (.*)/)
  const file = path.startsWith('raft-') ? `packages/${path}` : path
  return existsSync(join(root, file)) && read(file).includes(title)
}

function rowsOf(document: string): string[][] {
  const table = /<!-- faults: checked -->\n\n([\s\S]*?)\n\n<!-- faults: end -->/.exec(document)?.[1] ?? ''
  return table
    .split('\n')
    .slice(2)
    .map(line => line.split('|').slice(1, -1))
}

const rows = rowsOf(read('docs/testing.md'))
const referencesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(match => match[1] ?? '')

test('every fault of the network and of processes is brought about somewhere, and what is named for it exists', () => {
  expect(rows.length).toBeGreaterThanOrEqual(15)
  for (const cells of rows) expect(cells.slice(2).flatMap(referencesIn).length, cells[0]).toBeGreaterThan(0)
  const missing = rows.flatMap(cells => cells.flatMap(referencesIn)).filter(reference => !exists(reference))
  expect(missing).toEqual([])
})

test('where a fault is not brought about the table says why', () => {
  const silent = rows.flatMap(([fault, , ...where]) => where.filter(cell => referencesIn(cell).length === 0).map(cell => [fault, cell]))
  expect(silent.filter(([, cell]) => !/^ no: .{10,}/.test(cell ?? ''))).toEqual([])
})

test('a name that is none is noticed', () => {
  const wrong = ['e2e: no such scenario', 'chaos: rain', 'sim: rain', 'npm run rain', 'raft-node/test/none.test.ts: x']
  expect([...wrong, 'raft-node/test/node/parts.test.ts: no such test'].filter(exists)).toEqual([])
})
