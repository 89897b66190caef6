import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.ts'

/**
 * Writes a small run as NDJSON, for `Traceetcdraft.tla` and whoever else wants to check it:
 *
 *   npm run trace -w raft-core -- election            to stdout
 *   npm run trace -w raft-core -- election --out FILE
 */
const names = Object.keys(scenarios).join(', ')
const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } })
const scenario = scenarios[positionals[0] ?? '']

if (scenario === undefined) {
  console.error(`Which run? One of ${names}.`)
  process.exitCode = 1
} else {
  const text = scenario()
    .lines.map(line => `${line}\n`)
    .join('')
  if (values.out === undefined) process.stdout.write(text)
  else writeFileSync(values.out, text)
}
