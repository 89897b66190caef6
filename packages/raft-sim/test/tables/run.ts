import { readFileSync, writeFileSync } from 'node:fs'
import { withTables } from './tables.ts'

/** Writes the tables of docs/testing.md anew with `--write`; without it, or with `--check`, says whether they are fresh. */
const path = new URL('../../../../docs/testing.md', import.meta.url)
const before = readFileSync(path, 'utf8')
const after = withTables(before)

if (process.argv.includes('--write')) writeFileSync(path, after)
else if (before !== after) {
  console.error('the tables of docs/testing.md are stale: npm run tables -w raft-sim -- --write')
  process.exitCode = 1
}
