import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transformSync } from 'esbuild'

/** Packs raft-core and raft-node, installs them as a stranger would, in a folder outside the repository, and runs the README's example there. */
const root = join(import.meta.dirname, '..')
const packages = ['raft-core', 'raft-node']
const folder = mkdtempSync(join(tmpdir(), 'raft-pack-'))

try {
  run(root, 'npx', ['tsc', '-b', ...packages.map(name => `packages/${name}`)])
  const tarballs = packages.map(pack)
  const place = join(folder, 'fresh')
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), `${JSON.stringify({ name: 'fresh', private: true, type: 'module' })}\n`)
  install(place, tarballs)
  const entries = importAll(place)
  const lines = tryExample(place)
  console.log(
    `pack:try: ${tarballs.length} tarballs, ${entries} entries imported, the README's example of ${lines} lines printed what it says`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function pack(name: string): string {
  const [packed] = JSON.parse(run(root, 'npm', ['pack', '--json', '-w', name, '--pack-destination', folder])) as [Packed]
  const foreign = packed.files.filter(({ path }) => !/^(dist|src)\/|^(package\.json|README\.md|LICENSE)$/.test(path))
  if (foreign.length > 0) throw new Error(`${packed.filename} holds what nobody needs: ${foreign.map(({ path }) => path).join(', ')}`)
  return join(folder, packed.filename)
}

type Packed = { readonly filename: string; readonly files: readonly { readonly path: string }[] }

/** Whatever npm has in its cache needs no network. */
function install(place: string, tarballs: readonly string[]): void {
  try {
    run(place, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs])
  } catch (error) {
    const why = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    if (!/ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(why)) throw error
    console.error(
      "pack:try: the packages that raft-node needs are not in npm's cache, and no registry can be reached. Try again with a network.",
    )
    process.exit(1)
  }
}

/** Every entry that the packages promise is there and loads. */
function importAll(place: string): number {
  const entries = packages.flatMap(name => {
    const { exports } = JSON.parse(readFileSync(join(place, 'node_modules', name, 'package.json'), 'utf8')) as { exports: object }
    return Object.keys(exports)
      .filter(path => !path.endsWith('.json'))
      .map(path => join(name, path))
  })
  const code = entries.map(entry => `if (Object.keys(await import('${entry}')).length === 0) throw new Error('${entry} is empty')`)
  run(place, process.execPath, ['--input-type=module', '--eval', code.join('\n')])
  return entries.length
}

function tryExample(place: string): number {
  const readme = readFileSync(join(place, 'node_modules', 'raft-node', 'README.md'), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const expected = /((?:^\/\/ .*\n)+)$/m.exec(code)?.[1]?.replace(/^\/\/ /gm, '')
  writeFileSync(join(place, 'example.js'), transformSync(code, { loader: 'ts', target: 'node20' }).code)
  const printed = run(place, process.execPath, ['example.js'])
  if (expected === undefined || printed !== expected) throw new Error(`the README promises ${expected}and its example printed ${printed}`)
  return code.split('\n').length - 1
}

function run(cwd: string, command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 })
}
