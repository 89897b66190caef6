// `npm run sim`: simulates whole clusters from a seed. Production nodes with this package's state machine, or with --core the core alone.

import type { MutantOptions, SimulationOptions, Terminal } from 'raft-sim'
import { gitRevision, mutantsUsage, parseArguments, parseMutantArguments, runMutants, runSimulation, usage } from 'raft-sim'
import { cores, nodes } from './simulated.ts'

const terminal: Terminal = {
  write: text => process.stdout.write(text),
  isInteractive: process.stdout.isTTY === true,
  nowMs: () => performance.now(),
  cpuMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  revision: gitRevision,
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(`${usage}\n${mutantsUsage}`, 0)
  const asked = understand(args)
  if (asked === undefined) return 2
  if ('mutants' in asked) return huntMutants(asked.mutants)
  return runSimulation(asked.simulation, args.includes('--core') ? cores : nodes, terminal)
}

type Asked = { readonly mutants: MutantOptions } | { readonly simulation: SimulationOptions }

function understand(args: readonly string[]): Asked | undefined {
  try {
    const mutants = parseMutantArguments(args)
    if (mutants !== undefined) return { mutants }
    return { simulation: parseArguments(args.filter(arg => arg !== '--core')) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    say(`${error.message}\n\n${usage}\n${mutantsUsage}`, 2)
    return undefined
  }
}

/** Interrupted, it leaves no process and no folder behind. */
async function huntMutants(options: MutantOptions): Promise<number> {
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort())
  try {
    return await runMutants(options, terminal, abort.signal)
  } catch (error) {
    if (abort.signal.aborted) return say('interrupted\n', 130)
    throw error
  }
}

function say(text: string, exitCode: number): number {
  const stream = exitCode === 0 ? process.stdout : process.stderr
  stream.write(text)
  return exitCode
}
