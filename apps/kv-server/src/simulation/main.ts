// `npm run sim`: simulates whole clusters from a seed. Production nodes with this package's state machine, or with --core the core alone.

import type { Simulated, SimulationOptions, Terminal } from 'raft-sim'
import { parseArguments, runSimulation, simulateCore, simulateNode, usage } from 'raft-sim'
import { kvApplication } from './kv-application.ts'

const terminal: Terminal = {
  write: text => process.stdout.write(text),
  isInteractive: process.stdout.isTTY === true,
  nowMs: () => performance.now(),
}

const cores: Simulated = {
  run: (seed, print) => simulateCore({ seed, ...(print && { print }) }),
  command: 'npm run sim -- --core',
  mustSee: [],
}

const nodes: Simulated = {
  run: (seed, print) => simulateNode({ seed, application: kvApplication, ...(print && { print }) }),
  command: 'npm run sim --',
  mustSee: ['join', 'forwarded write', 'graceful close'],
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(usage, 0)
  const options = optionsFrom(args.filter(arg => arg !== '--core'))
  return options === undefined ? 2 : runSimulation(options, args.includes('--core') ? cores : nodes, terminal)
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
