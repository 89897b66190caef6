#!/usr/bin/env node
// Runs what the build made. In a checkout of the sources bin/build.js, which is not published, brings that up to date first.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const builder = new URL('build.js', import.meta.url)
if (existsSync(builder)) (await import(builder.href)).buildIfNeeded()

const [topic, command, ...rest] = process.argv.slice(2)
const startsNode = topic === 'node' && (command === 'start' || command === 'join') && !rest.includes('--help')

// Scripts ask for the version to see whether raftctl is there: no reason to load anything.
if (topic === '--version') {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`${manifest.name}/${manifest.version} ${process.platform}-${process.arch} node-${process.version}\n`)
} else if (startsNode) {
  const { run } = await import('../dist/bundle/bin/bundled.js')
  await run(fileURLToPath(new URL('..', import.meta.url)))
} else {
  const { execute, settings } = await import('@oclif/core')
  settings.enableAutoTranspile = false // never run sources instead of the build, whatever NODE_ENV says
  await execute({ dir: import.meta.url })
}
