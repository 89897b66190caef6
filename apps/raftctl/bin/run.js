#!/usr/bin/env node
// Runs what the build made. In a checkout of the sources bin/build.js, which is not published, brings that up to date first.
import { existsSync, readFileSync } from 'node:fs'

const builder = new URL('build.js', import.meta.url)
if (existsSync(builder)) (await import(builder.href)).buildIfNeeded()

// Scripts ask for the version to see whether raftctl is there: no reason to load anything.
if (process.argv[2] === '--version') {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`${manifest.name}/${manifest.version} ${process.platform}-${process.arch} node-${process.version}\n`)
} else {
  const { execute, settings } = await import('@oclif/core')
  settings.enableAutoTranspile = false // never run sources instead of the build, whatever NODE_ENV says
  await execute({ dir: import.meta.url })
}
