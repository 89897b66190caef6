import { env } from 'node:process'
import { Flags } from '@oclif/core'
import { RaftCommand } from '../command/base.ts'
import { durationFlag } from '../command/duration.ts'
import { prose } from '../command/prose.ts'
import { portOf, rememberPort } from '../dev/data.ts'
import { DevCluster } from '../dev/dev-cluster.ts'
import { commandFor, type DevNode } from '../dev/dev-node.ts'
import { Disturber } from '../dev/disturber.ts'
import { nodesMax, type Plan, planFrom, portMax, shown } from '../dev/plan.ts'
import { firstBusyAddress } from '../dev/ports.ts'
import { programName } from '../node/banner.ts'

const chaosEveryMs = 10_000

export default class Dev extends RaftCommand {
  static override summary = 'Run a cluster on this machine, until Ctrl-C'

  static override description =
    prose(`Each node is a process of its own: kill -9 one of them and see the others go on; the line that starts it again is printed. Started again
it finds its data. When this process ends, however, so do the nodes.

The first node's HTTP port is --port, its Raft port 6 higher, the next node's ports 100 higher. An odd number of nodes survives as many failures
as the next even one.

With --chaos one node after the other is killed, stopped, paused or made the leader, and comes back, while you use the cluster; each time
one line says so. Three nodes or more serve throughout. "<%= config.bin %> chaos" is the experiment that goes further, and judges.`)

  static override examples = [
    '<%= config.bin %> dev',
    { description: 'Five nodes, on other ports', command: '<%= config.bin %> dev --nodes 5 --port 9180' },
    { description: 'Something breaks every ten seconds or so', command: '<%= config.bin %> dev --chaos' },
    { description: 'With everything that the nodes log', command: '<%= config.bin %> dev --log-level debug' },
  ]

  static override flags = {
    nodes: Flags.integer({ char: 'n', helpValue: 'N', description: 'how many nodes', default: 3, min: 1, max: nodesMax }),
    port: Flags.integer({ char: 'p', helpValue: 'PORT', description: "the first node's HTTP port", default: 8180, min: 1, max: portMax }),
    data: Flags.string({ helpValue: 'DIR', description: 'where the nodes keep their data [.raft/PORT]' }),
    chaos: Flags.boolean({ description: 'disturb one node after the other, a line for each time' }),
    'chaos-every': durationFlag('chaos-every', { description: 'how often, on average; implies --chaos [10s]' }),
    'log-level': Flags.string({
      description: 'how much the nodes log',
      options: ['debug', 'info', 'warn', 'error', 'silent'],
      default: 'info',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Dev)
    const plan = planFrom(flags)
    await this.#check(plan)
    rememberPort(plan.data, plan.port)
    const cluster: DevCluster = new DevCluster(
      plan.nodes,
      { print: line => console.log(line), onEnd: (node, how) => this.#onEnd(cluster, node, how) },
      ['--log-level', flags['log-level']],
    )
    const over = new AbortController()
    const stop = once(async (exitCode: number) => {
      over.abort()
      await cluster.stop()
      process.exit(exitCode)
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))
    stopWithNpm(() => void stop(0))
    try {
      await cluster.start()
    } catch (error) {
      await cluster.stop()
      throw error
    }
    const everyMs = flags['chaos-every'] ?? (flags.chaos ? chaosEveryMs : undefined)
    console.log(await this.#introduction(cluster, plan, everyMs))
    if (everyMs !== undefined) await new Disturber({ cluster, everyMs, print: line => console.log(line), signal: over.signal }).run()
  }

  async #check({ nodes, port, data }: Plan): Promise<void> {
    const known = portOf(data)
    if (known !== undefined && known !== port) {
      this.fail(`${shown(data)} holds a cluster of port ${known}; add --port ${known}, or name another --data`)
    }
    const busy = await firstBusyAddress(nodes)
    if (busy !== undefined) this.fail(`${busy} is in use; stop what listens there, or choose other ports, for example --port 9180`)
  }

  async #introduction(cluster: DevCluster, { nodes, data, port }: Plan, everyMs: number | undefined): Promise<string> {
    const first = nodes[0]?.http ?? ''
    const leader = await cluster.leader()
    const raftctl = programName(this.config.bin)
    const at = port === 8180 ? '' : ` --endpoint ${first}`
    const chaos =
      everyMs === undefined ? '' : `Every ${everyMs / 1_000} s or so something happens to one of them; lines with "chaos |" say what.\n`
    return `
${nodes.length} nodes, ready:
${nodes.map(({ id, http }) => `  ${id}  http://${http}${id === leader ? '  leads' : ''}`).join('\n')}
Try, in another terminal:
  ${raftctl} kv set greeting hello${at}
  ${raftctl} cluster status --watch${at}
  curl -XPOST ${first}/key -d '{"foo": "bar"}'
  curl ${nodes.at(-1)?.http ?? ''}/key/foo
${chaos}Ctrl-C stops them all; their data stays in ${shown(data)}
`
  }

  /** The others go on, which is what a cluster is for. */
  #onEnd(cluster: DevCluster, node: DevNode, how: string): void {
    const again = commandFor(node.plan, programName(this.config.bin))
    console.log(`${this.config.bin}: ${node.plan.id} has ended (${how}); the others go on. Start it again with: ${again}`)
    if (cluster.running.length === 0) process.exit(1)
  }
}

function once<Value>(run: (value: Value) => Promise<void>): (value: Value) => Promise<void> {
  let running: Promise<void> | undefined
  return value => (running ??= run(value))
}

/** A killed npm tells nobody; being adopted by another process does. */
function stopWithNpm(stop: () => void): void {
  const parent = process.ppid
  if (env.npm_lifecycle_event !== undefined) setInterval(() => process.ppid !== parent && stop(), 500).unref()
}
