import { writeFileSync } from 'node:fs'
import { optionsFrom } from '../../../scripts/options.ts'
import { scenarios } from './scenarios.ts'

/** Writes a small run as NDJSON, for `Traceetcdraft.tla` and whoever else wants to check it. */
const names = Object.keys(scenarios).join(', ')
const usage = `npm run trace -w raft-core -- --run NAME [--out FILE]    one of ${names}; to stdout where no file is named`
const { run = '', out } = optionsFrom(usage, ['run', 'out'])
const scenario = Object.hasOwn(scenarios, run) ? scenarios[run] : undefined

if (scenario === undefined) {
  console.error(run === '' ? usage : `--run ${run}: there is no such run. One of ${names}.`)
  process.exitCode = 2
} else {
  const text = scenario()
    .lines.map(line => `${line}\n`)
    .join('')
  if (out === undefined) process.stdout.write(text)
  else writeFileSync(out, text)
}
