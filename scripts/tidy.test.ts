// What no compiler checks: who may import whom, what the core may not touch, and a few habits.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { type File, filesUnder, functionsOf, importsOf, usesOf } from './sources.ts'

interface Part {
  readonly folder: string
  /** Beside its own relative files. `x/*` allows every subpath of x; `node:*` every module of Node. */
  readonly mayImport: readonly string[]
  /** Allowed only as `import type`. */
  readonly types?: readonly string[]
  /** Allowed as `import type` or `await import()`. */
  readonly whenAsked?: readonly string[]
  /** Allowed in these folders only. */
  readonly within?: Readonly<Record<string, readonly string[]>>
}

const parts: Readonly<Record<string, Part>> = {
  'raft-core': { folder: 'packages/raft-core', mayImport: [] },
  'raft-node': { folder: 'packages/raft-node', mayImport: ['raft-core', 'classic-level', 'msgpackr', 'node:*'] },
  'raft-sim': { folder: 'packages/raft-sim', mayImport: ['raft-core', 'raft-core/internal', 'raft-node', 'raft-node/*', 'node:*'] },
  // The client itself runs in browsers too.
  'kv-client': { folder: 'packages/kv-client', mayImport: [], within: { 'node:*': ['packages/kv-client/src/node/'] } },
  'kv-server': {
    folder: 'apps/kv-server',
    mayImport: ['raft-node', 'raft-node/*', 'kv-client/node', 'pino', 'node:*'],
    types: ['kv-client'],
    within: { 'raft-sim': ['apps/kv-server/src/simulation/'] },
  },
  raftctl: {
    folder: 'apps/raftctl',
    mayImport: [
      'kv-server',
      'kv-server/*',
      'kv-client',
      'kv-client/*',
      'raft-node',
      'raft-node/*',
      '@oclif/core',
      'fastest-levenshtein',
      'node:*',
    ],
    whenAsked: ['raft-sim', 'cli-progress'],
  },
}

const sources = Object.fromEntries(Object.entries(parts).map(([name, { folder }]) => [name, filesUnder(`${folder}/src`, '.ts')]))
const allSources = Object.values(sources).flat()
const benchSources = filesUnder('bench/src', '.ts')
const everything = ['packages', 'apps', 'bench', 'scripts'].flatMap(folder => filesUnder(folder, '.ts'))

test.each(Object.keys(parts))('%s imports only what it may', name => {
  const part = parts[name] as Part
  expect(sources[name]?.flatMap(file => strayImports(part, file))).toEqual([])
})

test.each(Object.keys(parts))('%s has no import cycle at run time', name => {
  expect(cycles(sources[name] ?? [])).toEqual([])
})

test('the core has no clock and no chance of its own', () => {
  expect(sources['raft-core']?.flatMap(clockAndChance)).toEqual([])
})

test('no source is longer than 400 lines', () => {
  expect([...allSources, ...benchSources].flatMap(tooLong)).toEqual([])
})

test('no function is longer than 60 lines', () => {
  // A contract is a test suite that is exported: its outermost functions only hold tests together.
  const functional = allSources.filter(({ path }) => !path.startsWith('packages/raft-node/src/contracts/'))
  expect([...functional, ...benchSources].flatMap(tooLongFunctions)).toEqual([])
})

test('what is left to do has an issue', () => {
  expect(everything.filter(({ path }) => path !== 'scripts/tidy.test.ts').flatMap(unownedTodos)).toEqual([])
})

test('no test runs alone', () => {
  expect(everything.filter(({ path }) => path !== 'scripts/tidy.test.ts').flatMap(loneTests)).toEqual([])
})

test('all packages mean the same version of what they depend on', () => {
  // raftctl holds raft-node in its bundle, but not its parts in machine code: those it must have in the version of raft-node.
  const folders = ['packages', 'apps'].flatMap(folder => readdirSync(folder).map(name => `${folder}/${name}`))
  const manifests = ['.', 'bench', ...folders].map(folder => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')))
  const versions = new Map<string, Set<string>>()
  for (const { dependencies, devDependencies } of manifests) {
    for (const [name, version] of Object.entries<string>({ ...dependencies, ...devDependencies })) {
      versions.set(name, (versions.get(name) ?? new Set()).add(version))
    }
  }
  expect([...versions].filter(([, different]) => different.size > 1)).toEqual([])
})

test('every document has one title', () => {
  const documents = filesUnder('docs', '.md').filter(({ path }) => !path.startsWith('docs/api/'))
  expect(documents.flatMap(titles)).toEqual([])
})

test('these checks find what they forbid', () => {
  const core = parts['raft-core'] as Part
  const server = parts['kv-server'] as Part
  const ctl = parts.raftctl as Part
  const at = (path: string, text: string): File => ({ path, text })

  expect(strayImports(core, at('packages/raft-core/src/a.ts', "import 'node:fs'"))).toHaveLength(1)
  expect(strayImports(core, at('packages/raft-core/src/a.ts', "import '../../raft-node/src/index.ts'"))).toHaveLength(1)
  expect(strayImports(core, at('packages/raft-core/src/log/a.ts', "export * from '../roles.ts'"))).toEqual([])
  expect(strayImports(server, at('apps/kv-server/src/a.ts', "import { x } from 'kv-client'"))).toHaveLength(1)
  expect(strayImports(server, at('apps/kv-server/src/a.ts', "import type { X } from 'kv-client'"))).toEqual([])
  expect(strayImports(server, at('apps/kv-server/src/a.ts', "import 'raft-sim'"))).toHaveLength(1)
  expect(strayImports(server, at('apps/kv-server/src/simulation/a.ts', "import 'raft-sim'"))).toEqual([])
  expect(strayImports(ctl, at('apps/raftctl/src/a.ts', "import { x } from 'raft-sim'"))).toHaveLength(1)
  expect(strayImports(ctl, at('apps/raftctl/src/a.ts', "const x = await import('raft-sim')"))).toEqual([])

  const a = at('p/src/a.ts', "import { b } from './b.ts'")
  expect(cycles([a, at('p/src/b.ts', "import { type A } from './a.ts'")])).toEqual(['p/src/a.ts -> p/src/b.ts -> p/src/a.ts'])
  expect(cycles([a, at('p/src/b.ts', "import type { A } from './a.ts'")])).toEqual([])

  expect(clockAndChance(at('a.ts', 'Date.now() + Math.random() + globalThis.Date'))).toHaveLength(3)
  expect(clockAndChance(at('a.ts', 'const x = { Date: 1 }.Date'))).toEqual([])
  expect(tooLong(at('a.ts', '\n'.repeat(401)))).toHaveLength(1)
  expect(tooLongFunctions(at('a.ts', `const f = () => {${'\n'.repeat(60)}}`))).toHaveLength(1)
  expect(tooLongFunctions(at('a.ts', `class A {${'\n'.repeat(60)}m(): void {${'\n'.repeat(59)}}}`))).toEqual([])
  expect(unownedTodos(at('a.ts', '// TODO later\n// TODO(#12): later'))).toEqual(['a.ts:1: a TODO names its issue: TODO(#12)'])
  expect(loneTests(at('a.ts', "test.only('x', f)\ndescribe.concurrent.only('y', g)"))).toHaveLength(2)
  expect(titles(at('a.md', '# One\n\n```\n# a comment\n```\n'))).toEqual([])
  expect(titles(at('a.md', '# One\n# Two\n'))).toHaveLength(1)
})

function strayImports(part: Part, file: File): string[] {
  return importsOf(file).flatMap(({ specifier, line, kind }) => {
    const problem = specifier.startsWith('.') ? leaves() : disallowed()
    return problem === undefined ? [] : [`${file.path}:${line}: '${specifier}' ${problem}`]

    function leaves(): string | undefined {
      if (resolve(file, specifier).startsWith(`${part.folder}/src/`)) return undefined
      return 'leaves the package: import another package by its name'
    }

    function disallowed(): string | undefined {
      if (matches(part.mayImport, specifier)) return undefined
      if (matches(part.types ?? [], specifier)) return kind === 'type' ? undefined : 'may only be imported as `import type`'
      if (matches(part.whenAsked ?? [], specifier)) return kind !== 'static' ? undefined : 'is loaded when asked for: `await import()`'
      const [, within] = Object.entries(part.within ?? {}).find(([pattern]) => matches([pattern], specifier)) ?? []
      if (within === undefined) return `is not allowed in ${part.folder}: see the table of imports in scripts/tidy.test.ts`
      return within.some(folder => file.path.startsWith(folder)) ? undefined : `is allowed only in ${within.join(', ')}`
    }
  })
}

function matches(patterns: readonly string[], specifier: string): boolean {
  return patterns.some(pattern => (pattern.endsWith('*') ? specifier.startsWith(pattern.slice(0, -1)) : specifier === pattern))
}

function resolve(file: File, specifier: string): string {
  return posix.join(posix.dirname(file.path), specifier)
}

/** Each cycle once, from the file that was reached first. */
function cycles(files: readonly File[]): string[] {
  const edges = new Map(files.map(file => [file.path, loads(file)]))
  const done = new Set<string>()
  const found: string[] = []
  for (const { path } of files) follow(path, [])
  return found

  function follow(path: string, trail: readonly string[]): void {
    const start = trail.indexOf(path)
    if (start >= 0) found.push([...trail.slice(start), path].join(' -> '))
    if (start >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) follow(next, [...trail, path])
    done.add(path)
  }

  function loads(file: File): string[] {
    const relative = importsOf(file).filter(({ kind, specifier }) => kind === 'static' && specifier.startsWith('.'))
    return relative.map(({ specifier }) => resolve(file, specifier))
  }
}

function clockAndChance(file: File): string[] {
  const uses = usesOf(file, ['Date', 'globalThis.Date', 'Math.random'])
  return uses.map(({ name, line }) => `${file.path}:${line}: ${name}: time is tick(), chance is the generator handed in`)
}

function tooLong(file: File): string[] {
  const lines = file.text.split('\n').length - 1
  return lines > 400 ? [`${file.path}: ${lines} lines: is this still one idea?`] : []
}

function tooLongFunctions(file: File): string[] {
  const long = functionsOf(file).filter(({ lines }) => lines > 60)
  return long.map(({ line, lines }) => `${file.path}:${line}: a function of ${lines} lines: does it do one thing?`)
}

function unownedTodos(file: File): string[] {
  return linesThat(file, /\bTODO\b(?!\(#\d+\))/, 'a TODO names its issue: TODO(#12)')
}

function loneTests(file: File): string[] {
  return linesThat(file, /\b(?:it|test|describe)(?:\.\w+)*\.only\b/, 'a test that runs alone hides the others')
}

function linesThat(file: File, pattern: RegExp, complaint: string): string[] {
  return file.text.split('\n').flatMap((line, i) => (pattern.test(line) ? [`${file.path}:${i + 1}: ${complaint}`] : []))
}

function titles(file: File): string[] {
  const prose = file.text.replaceAll(/^(```|~~~).*?^\1/gms, '')
  const count = prose.match(/^# /gm)?.length ?? 0
  return count === 1 ? [] : [`${file.path}: ${count} titles (lines that start with "# ") instead of one`]
}
