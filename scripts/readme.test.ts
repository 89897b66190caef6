import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

/** Documents cannot drift from the code: every `ts` block of a README that ends in a comment with its output is run. */
const root = join(import.meta.dirname, '..')
const readmes = ['.', ...foldersIn('packages'), ...foldersIn('apps')].map(folder => join(folder, 'README.md'))

function foldersIn(parent: string): string[] {
  return readdirSync(join(root, parent)).map(name => join(parent, name))
}

/** A block, and the lines of output that the comments right at its end promise. */
type Program = { readonly code: string; readonly output: string }

function programsOf(readme: string): Program[] {
  const blocks = [...readFileSync(join(root, readme), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(match => match[1] ?? '')
  return blocks.flatMap(code => {
    const output = /((?:^\/\/ .*\n)+)$/m.exec(code)?.[1]
    return output === undefined || !code.endsWith(output) ? [] : [{ code, output: output.replace(/^\/\/ /gm, '') }]
  })
}

describe.each(readmes)('%s', readme => {
  const programs = programsOf(readme)
  test.skipIf(programs.length === 0)('its programs print what they say', { timeout: 60_000 }, async () => {
    // Beside a package, so that imports resolve as a reader's would.
    const folder = mkdtempSync(join(root, 'scripts', '.readme-'))
    try {
      for (const [at, { code, output }] of programs.entries()) {
        const file = join(folder, `program-${at}.ts`)
        writeFileSync(file, code)
        const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=raft-source', '--import', 'tsx', file], { cwd: root })
        expect(stdout).toBe(output)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
