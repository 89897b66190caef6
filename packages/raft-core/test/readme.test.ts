import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

/** What the programs use of their surroundings, so that no larger library has to be read. */
const surroundings = `
  declare const console: { log(...words: unknown[]): void }
  declare class TextEncoder { encode(text: string): Uint8Array }
  declare class TextDecoder { decode(bytes: Uint8Array): string }`

/** What a reader would get from the strictest compiler. */
function complaints(programs: Readonly<Record<string, string>>): string[] {
  const files = new Map(Object.entries(programs).map(([name, code]) => [fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), code]))
  const options: ts.CompilerOptions = {
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
    ...{
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      moduleDetection: ts.ModuleDetectionKind.Legacy,
      customConditions: ['raft-source'],
    },
    ...{ target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, types: [] },
    lib: ['lib.es2023.d.ts', 'lib.es2024.arraybuffer.d.ts'], // the latter for our sources, which a reader does not compile
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = path => files.has(path) || fileExists(path)
  host.readFile = path => files.get(path) ?? readFile(path)
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))
  return diagnostics.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
}

// That they print what they say is tested in scripts/readme.test.ts.
test('the programs of the README compile', { timeout: 60_000 }, () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const programs = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code], at) => [`program-${at}`, code ?? ''])
  expect(programs.length).toBeGreaterThan(0)
  const wrong = "import { createRaft } from 'raft-core'\ncreateRaft({ id: 1 })"
  const found = complaints({ surroundings, ...Object.fromEntries(programs), wrong })
  expect(found.filter(complaint => !complaint.includes('wrong.ts'))).toEqual([])
  expect(found).not.toEqual([])
})
