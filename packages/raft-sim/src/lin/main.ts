// `npm run lin -- FILE…`: are these histories linearizable?

import { readFileSync } from 'node:fs'
import { checkFiles } from './files.ts'

process.exitCode = checkFiles(process.argv.slice(2), {
  read: file => readFileSync(file, 'utf8'),
  out: text => process.stdout.write(text),
  error: text => process.stderr.write(text),
})
