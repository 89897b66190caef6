// `npm run sim`: simulates whole clusters from a seed.

import type { RunSeed, Terminal } from 'raft-sim'
import { parseArguments, runSimulation, simulateCore, usage } from 'raft-sim'

const terminal: Terminal = {
  write: text => process.stdout.write(text),
  isInteractive: process.stdout.isTTY === true,
  nowMs: () => performance.now(),
}

const cores: RunSeed = (seed, print) => simulateCore(print === undefined ? { seed } : { seed, print })

process.exitCode = main(process.argv.slice(2))

function main(args: readonly string[]): number {
  if (args.includes('--help')) return say(usage, 0)
  try {
    const options = parseArguments(args.filter(arg => arg !== '--core'))
    if (args.includes('--core')) return runSimulation(options, cores, 'npm run sim -- --core', terminal)
  } catch (error) {
    if (error instanceof RangeError) return say(`${error.message}\n\n${usage}`, 2)
    throw error
  }
  return say('whole nodes cannot be simulated yet: use --core\n', 2)
}

function say(text: string, exitCode: number): number {
  const stream = exitCode === 0 ? process.stdout : process.stderr
  stream.write(text)
  return exitCode
}
