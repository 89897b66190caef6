// What `npm start` takes, and which nodes follow from it.
import { join, relative, resolve } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export const root = fileURLToPath(new URL('..', import.meta.url))

const usage = `npm start -- [--nodes N] [--port PORT] [--data DIR]

Runs a cluster on this machine until Ctrl-C.
  --nodes N     how many nodes, 1 to 9 (default 3; an odd number survives as many failures as the next even one)
  --port PORT   the first node's HTTP port (default 8180); its Raft port is 6 higher, the next node's ports 100 higher
  --data DIR    where the nodes keep their data (default .raft/PORT in this repository); a second start finds it`

export type NodePlan = { readonly id: string; readonly http: string; readonly raft: string; readonly dir: string }
export type Plan = { readonly port: number; readonly data: string; readonly nodes: readonly NodePlan[] }

/** Wrong options end the process with one line; --help with the whole text. */
export function planFrom(argv: readonly string[]): Plan {
  const { nodes, port, data, help } = parse(argv)
  if (help) {
    console.log(usage)
    process.exit(0)
  }
  const count = integer('--nodes', nodes, { min: 1, max: 9 })
  const first = integer('--port', port, { min: 1, max: 65_535 - 6 - 100 * (count - 1) })
  // A folder for each port: nodes are known to each other by their addresses, so data of other ports would be of no use.
  const folder = data === undefined ? join(root, '.raft', String(first)) : resolve(env.INIT_CWD ?? '.', data)
  return { port: first, data: folder, nodes: Array.from({ length: count }, (_, at) => nodePlan(at, first, folder)) }
}

function nodePlan(at: number, firstPort: number, data: string): NodePlan {
  const port = firstPort + 100 * at
  const id = `n${at + 1}`
  return { id, http: `127.0.0.1:${port}`, raft: `127.0.0.1:${port + 6}`, dir: join(data, id) }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        nodes: { type: 'string', default: '3' },
        port: { type: 'string', default: '8180' },
        data: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    return fail(`${error instanceof Error ? error.message.split('. ', 1)[0] : String(error)}; "npm start -- --help" shows what there is`)
  }
}

function integer(flag: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  return fail(`${flag} ${text}: must be a whole number from ${min} to ${max}`)
}

/** A path as a person would type it here. */
export function shown(path: string): string {
  const short = relative(env.INIT_CWD ?? '.', path)
  return short.startsWith('..') ? path : short
}

export function fail(message: string): never {
  console.error(`npm start: ${message}`)
  process.exit(1)
}
