// Builds raftctl and what it needs when a source is newer than the last build, so that `npx raftctl` works right after `npm ci`.
// Looking costs a few milliseconds. Not part of the published package.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const app = fileURLToPath(new URL('..', import.meta.url))
const modules = resolve(app, '../../node_modules')
const manifest = join(app, 'oclif.manifest.json')
const bundle = join(app, 'dist/bundle/package.json')
const lock = join(modules, '.raftctl-build.lock')

export function buildIfNeeded() {
  const projects = withReferences(app)
  const isCurrent = () => !projects.some(isStale) && isListed() && isBundled(projects)
  if (isCurrent()) return
  withLock(() => {
    if (!isCurrent()) build(projects) // another process may have built meanwhile
  })
}

function build(projects) {
  process.stderr.write('raftctl: building from the sources, which takes some seconds the first time\n')
  const started = new Date()
  run(join(modules, 'typescript/bin/tsc'), '-b', app)
  run(join(app, 'bin/manifest.js'))
  run(join(app, 'bin/bundle.js'))
  // tsc leaves the file alone when nothing changed, and a source written during the build must count as newer.
  for (const project of projects) utimesSync(buildInfo(project), started, started)
}

function run(...argv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  if (status === 0) return
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`)
  rmSync(lock, { force: true })
  fail('the build failed; what was said is above')
}

/** The project and all it refers to, each by its tsconfig file; a reference may name a folder or a file. */
function withReferences(path, seen = new Set()) {
  const project = path.endsWith('.json') ? path : join(path, 'tsconfig.json')
  if (seen.has(project)) return []
  seen.add(project)
  return [project, ...(read(project).references ?? []).flatMap(({ path }) => withReferences(resolve(dirname(project), path), seen))]
}

function isStale(project) {
  const built = timeOf(buildInfo(project))
  return built === 0 || read(project).include.some(folder => newest(join(dirname(project), folder)) > built)
}

/** The list of commands is of the last build, also if that was made by hand. */
function isListed() {
  return timeOf(manifest) >= timeOf(buildInfo(join(app, 'tsconfig.json')))
}

/** So are the few files that a node starts from; they hold all projects, and what is installed. */
function isBundled(projects) {
  const bundled = timeOf(bundle)
  const sources = [...projects.map(buildInfo), join(app, 'bin/bundle.js'), join(modules, '.package-lock.json')]
  return sources.every(source => bundled >= timeOf(source))
}

/** In milliseconds; before everything where there is no such file. */
const timeOf = file => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

const buildInfo = project => join(dirname(project), read(project).compilerOptions.tsBuildInfoFile)

const read = project => JSON.parse(readFileSync(project, 'utf8'))

/** Folders count as well: they change when a file goes. */
function newest(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (latest, entry) => Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
    statSync(folder).mtimeMs,
  )
}

/** Three terminals may start three nodes at once: one builds, the others wait. A lock whose owner has died is void. */
function withLock(work) {
  const deadline = Date.now() + 120_000
  while (!take()) {
    if (Date.now() > deadline) fail(`another build seems to hang; if there is none, delete ${lock}`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  try {
    work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!isAlive(Number(contents(lock)))) rmSync(lock, { force: true })
    return false
  }
}

function fail(message) {
  process.stderr.write(`raftctl: ${message}\n`)
  process.exit(1)
}

function contents(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid) {
  if (!(pid > 0)) return true // not written yet, or just removed: look again
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code !== 'ESRCH'
  }
}
