import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parseMutantArguments, runMutants } from '../../src/index.ts'
import { huntersOf, PatchError, readMutant, readPatch } from '../../src/mutants/patch-file.ts'
import { median, table } from '../../src/mutants/table.ts'

const root = join(import.meta.dirname, '../../../..')
const folder = join(root, 'packages/raft-sim/mutants')
const temporary = mkdtempSync(join(tmpdir(), 'raft-patches-'))
afterAll(() => rmSync(temporary, { recursive: true }))

function write(name: string, text: string): string {
  const file = join(temporary, name)
  writeFileSync(file, text)
  return file
}

/** What a hunt for this patch prints, and its exit code. */
async function hunt(file: string, seeds = 3): Promise<{ readonly text: string; readonly code: number }> {
  let text = ''
  const write = (more: string) => {
    text += more
  }
  const terminal = { write, isInteractive: false, cpuMs: () => 0, nowMs: () => 0 }
  const code = await runMutants({ only: undefined, patch: file, seeds }, terminal, new AbortController().signal)
  return { text, code }
}

const change = (file: string, before: string, after: string) => `--- a/${file}\n+++ b/${file}\n@@ -1,1 +1,1 @@\n-${before}\n+${after}\n`

const mutants = readdirSync(folder).sort()

test.each(mutants)('%s says what it plants, and applies', name => {
  const file = join(folder, name)
  const { bug, seeds, touches } = readMutant(file)
  expect(bug).toMatch(/^[A-Z].*\.$/)
  expect(seeds).toBeLessThanOrEqual(1000)
  expect(touches.every(path => /^(?:packages|apps)\/(?:raft-core|raft-node|raft-sim|kv-server)\/src\//.test(path))).toBe(true)
  execFileSync('git', ['apply', '--check', file], { cwd: root, stdio: 'pipe' })
})

test('there are enough of them to prove something', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(25)
})

test('a patch is hunted by whoever runs what it touches', () => {
  const hunters = (...files: string[]) => huntersOf(readPatch(write('a.patch', files.map(file => change(file, 'a', 'b')).join(''))))
  expect(hunters('packages/raft-core/src/raft.ts')).toEqual(['core', 'node'])
  expect(hunters('packages/raft-node/src/driver.ts')).toEqual(['node'])
  expect(hunters('apps/kv-server/src/kv-store.ts', 'packages/raft-node/src/driver.ts')).toEqual(['node'])
  expect(hunters('apps/kv-server/src/kv-store.ts', 'packages/raft-core/src/raft.ts')).toEqual(['core', 'node'])
})

test('a file that is no patch, or not there, is refused', () => {
  expect(() => readPatch(write('no.patch', 'nothing'))).toThrow(PatchError)
  expect(() => readPatch(join(temporary, 'missing.patch'))).toThrow(/cannot read .*missing\.patch/)
  expect(() => readMutant(write('bare.patch', change('a.ts', 'a', 'b')))).toThrow(/hunted by/)
})

test.each([
  [['--seconds', '3'], undefined],
  [['--mutants'], { only: undefined, patch: undefined, seeds: undefined }],
  [['--mutants', '--only', 'a,b', '--seeds=5'], { only: ['a', 'b'], patch: undefined, seeds: 5 }],
  [['--patch=x.patch'], { only: undefined, patch: 'x.patch', seeds: undefined }],
])('arguments %j', (args, options) => {
  expect(parseMutantArguments(args)).toEqual(options)
})

test.each([
  [['--mutants', '--trace'], /--trace/],
  [['--patch'], /--patch needs a value/],
  [['--patch', 'x', '--seeds', '0'], /--seeds/],
  [['--patch', 'x', '--mutants'], /alone/],
])('arguments that are refused: %j', (args, message) => {
  expect(() => parseMutantArguments(args)).toThrow(message)
})

test('the table names survivors and what could not be tried', () => {
  const mutant = (name: string) => ({ ...readMutant(join(folder, mutants[0]!)), name, seeds: 9, bug: 'Wrong.' })
  const lines = table([
    { mutant: mutant('alive') },
    { mutant: mutant('broken'), problem: 'does not apply' },
    { mutant: mutant('dead'), found: { seed: 4, invariant: 'log-matching', message: '' } },
  ]).split('\n')
  expect(lines.slice(1, 4).map(line => line.replaceAll(/ +/g, ' '))).toEqual([
    'dead core 4 log-matching Wrong.',
    'alive core > 9 SURVIVED Wrong.',
    'broken core > 9 NOT TRIED Wrong.',
  ])
  expect(median([5, 1, 9])).toBe(5)
  expect(median([])).toBe(0)
})

test('a patch that does not fit is an error of its own', { timeout: 120_000 }, async () => {
  const { text, code } = await hunt(write('misfit.patch', change('packages/raft-core/src/raft.ts', 'not there', 'nor here')))
  expect(code).toBe(2)
  expect(text).toContain('misfit does not apply:')
})

test('a patch that does not compile is an error, and no catch', { timeout: 120_000 }, async () => {
  const first = "import type { Index, NodeId } from '../log/entry.ts'"
  const { text, code } = await hunt(
    write('broken.patch', change('packages/raft-core/src/membership/quorum.ts', first, `${first}; nobody.knows()`)),
  )
  expect(code).toBe(2)
  expect(text).toMatch(/do not compile:\n.*nobody/)
})

test('a bug is killed, and a harmless change survives', { timeout: 240_000 }, async () => {
  const killed = await hunt(join(folder, 'acknowledges-before-save.patch'))
  expect(killed).toMatchObject({ code: 0, text: expect.stringMatching(/\nkilled after \d+ seeds by persist-before-send\n$/) })
  const first = '// The simulation of cores alone must not see this file.'
  const harmless = `--- /dev/null\n+++ b/packages/raft-node/src/harmless.ts\n@@ -0,0 +1,1 @@\n+${first}\n`
  expect(await hunt(write('harmless.patch', harmless), 2)).toMatchObject({ code: 1, text: expect.stringMatching(/\nsurvived 2 seeds\n$/) })
})
