// Looks at every package as npm would publish it: its entries exist, and their types are what they load. Needs `npm run build` first.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
// ES modules only, since Node.js 20.19 can load them from anywhere.
const tools = { publint: ['--strict'], attw: ['--pack', '.', '--profile', 'esm-only'] }

const published = ['packages', 'apps']
  .flatMap(parent => readdirSync(join(root, parent)).map(name => join(parent, name)))
  .filter(isPublished)
const failed = published.filter(folder => !isClean(folder))
console.log(`${published.length} packages, ${failed.length} with problems${failed.length > 0 ? `: ${failed.join(', ')}` : ''}`)
process.exitCode = failed.length > 0 || published.length === 0 ? 1 : 0

function isPublished(folder: string): boolean {
  const file = join(root, folder, 'package.json')
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).private !== true
}

function isClean(folder: string): boolean {
  console.log(`\n== ${folder}`)
  if (!existsSync(join(root, folder, 'dist'))) {
    console.error('there is no dist: run `npm run build` first')
    return false
  }
  const statuses = Object.entries(tools).map(([tool, options]) => {
    const command = join(root, 'node_modules', '.bin', tool)
    return spawnSync(command, options, { cwd: join(root, folder), stdio: 'inherit' }).status
  })
  return statuses.every(status => status === 0)
}
