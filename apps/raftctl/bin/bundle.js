// Makes few files of all the modules that a node needs, so that it starts sooner. Part of the build; not published.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const app = fileURLToPath(new URL('..', import.meta.url))
const folder = join(app, 'dist/bundle')
rmSync(folder, { recursive: true, force: true })

// oclif is CommonJS, and asks for Node.js's own modules and its own files that way.
const banner = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const __filename = import.meta.filename
const __dirname = import.meta.dirname`

const { metafile } = await build({
  entryPoints: [join(app, 'dist/node/bundled.js')],
  outdir: join(folder, 'bin'),
  absWorkingDir: app,
  bundle: true,
  splitting: true, // what is loaded when it is needed stays so
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['classic-level', 'msgpackr', 'typescript'], // the first two have parts in machine code; the third is asked for by oclif, in vain
  banner: { js: banner },
  metafile: true,
  logLevel: 'warning',
})

writeFileSync(join(folder, 'LICENSES.txt'), licensesOf(Object.keys(metafile.inputs)))
// Last, for it tells when this was made. The server reads its version there.
const { name, version, type } = manifestIn(join(app, '../kv-server'))
writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ name, version, type })}\n`)

/** What others have written goes with their names and conditions. */
function licensesOf(inputs) {
  const packages = new Set(inputs.map(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(path => path !== undefined))
  return [...packages].sort().map(licenseOf).join('\n')
}

function licenseOf(path) {
  const place = resolve(app, path)
  const { name, version, license } = manifestIn(place)
  const file = readdirSync(place).find(entry => /^licen[cs]e/i.test(entry))
  const text = file === undefined ? '' : `\n${readFileSync(join(place, file), 'utf8')}`
  return `${name} ${version}: ${license}\n${text}`
}

function manifestIn(place) {
  return JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'))
}
