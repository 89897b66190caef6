// `npm run check`: searches everything that real cores can do within published bounds.

import type { CheckOptions } from './command.ts'
import { parseArguments, runCheck, usage } from './command.ts'

process.exitCode = main(process.argv.slice(2))

function main(args: readonly string[]): number {
  if (args.includes('--help')) return say(usage, 0)
  const options = optionsFrom(args)
  if (options === undefined) return 2
  return runCheck(options, { write: text => process.stdout.write(text), nowMs: () => performance.now() })
}

function optionsFrom(args: readonly string[]): CheckOptions | undefined {
  try {
    return parseArguments(args)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    say(`${error.message}\n\n${usage}`, 2)
    return undefined
  }
}

function say(text: string, exitCode: number): number {
  const stream = exitCode === 0 ? process.stdout : process.stderr
  stream.write(text)
  return exitCode
}
