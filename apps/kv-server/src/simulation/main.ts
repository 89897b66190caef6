// `npm run sim`: simulates whole clusters from a seed.

import type { RunSeed, SimulationOptions, Terminal } from 'raft-sim'
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
  if (!args.includes('--core')) return say('whole nodes cannot be simulated yet: use --core\n', 2)
  const options = optionsFrom(args.filter(arg => arg !== '--core'))
  return options === undefined ? 2 : runSimulation(options, cores, 'npm run sim -- --core', terminal)
}

function optionsFrom(args: readonly string[]): SimulationOptions | undefined {
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
