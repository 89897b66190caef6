import type { RaftOptions } from '../../src/config.ts'
import { formatMembership } from '../../src/trace-format.ts'
import { changeMembers } from './change.ts'
import type { Cluster, Filter } from './cluster.ts'
import { forge } from './forge.ts'
import { formatEntry, formatOutcome, formatProgress, formatStatus } from './format.ts'
import type { Node } from './node.ts'
import type { Command } from './parse.ts'

type Run = (cluster: Cluster, command: Command) => void

/** The words of the scripts. Every one that wakes a core lets it work until nothing is left to do. */
export const commands: Readonly<Record<string, Run>> = {
  // the cluster and its network
  cluster: (cluster, { args, options }) => cluster.found(Number(args[0]), Number(args[1] ?? 0), coreOptions(options)),
  start: (cluster, { args }) => cluster.start(args[0] ?? ''),
  deliver: (cluster, command) => cluster.deliver(filter(command)),
  stabilize: cluster => cluster.stabilize(),
  lose: (cluster, command) => cluster.lose(filter(command)),
  delay: (cluster, command) => void cluster.delayed.push(...cluster.take(filter(command))),
  release: cluster => void cluster.wire.push(...cluster.delayed.splice(0)),
  duplicate: (cluster, command) => void cluster.wire.push(...cluster.wire.filter(filter(command))),
  forge: (cluster, command) => void cluster.wire.push(forge(command)),
  reverse: cluster => void cluster.wire.reverse(),
  isolate: (cluster, { args }) => {
    cluster.isolated = new Set(args)
  },
  heal: cluster => {
    cluster.isolated = new Set()
  },

  // what happens to a node
  tick: (cluster, { args }) => tick(cluster, args[0] ?? '', Number(args[1] ?? 1)),
  // The process stands still while its clock goes on.
  pause: (cluster, { args }) => cluster.node(args[0]).pause(Number(args[1])),
  campaign: onNode(node => node.core.campaign()),
  propose: onNode((node, { args }, print) => {
    const data = args.slice(1).map(text => new TextEncoder().encode(text))
    const [only] = data
    print(formatOutcome(data.length === 1 && only ? node.core.propose(only) : node.core.proposeAll(data)))
  }),
  change: onNode((node, command, print) => print(formatOutcome(changeMembers(node, command)))),
  read: onNode((node, { args }, print) => {
    const result = node.core.read(args[1] ?? '', args[2] === 'lease' ? node.now : undefined)
    if (!result.accepted) print(`refused: ${result.reason}`)
  }),
  transfer: onNode((node, { args }, print) => {
    const result = node.core.transferLeadership(args[1] ?? '')
    if (!result.accepted) print(`refused: ${result.reason}`)
  }),
  forget: onNode(node => node.core.forgetLeader()),
  unreachable: onNode((node, { args }) => node.core.reportUnreachable(args[1] ?? '')),
  'snapshot-failed': onNode((node, { args }) => node.core.reportSnapshot(args[1] ?? '', 'failed')),
  'snapshot-received': onNode((node, { args }) => node.core.reportSnapshot(args[1] ?? '', 'received')),
  resign: onNode((node, { args }) => node.core.resign(args.slice(1).join(' '))),
  recovered: onNode(node => node.core.recovered()),
  snapshot: onNode(node => node.takeSnapshot()),
  compact: onNode((node, { args }) => node.compact(Number(args[1]))),
  crash: onNode(node => node.crash()),
  restart: onNode(node => node.restart()),
  damage: onNode((node, { args }) => node.damage(Number(args[1]))),
  hold: onNode(node => node.hold()),
  free: onNode(node => node.free()),
  stall: onNode(node => node.stall()),
  apply: onNode(node => node.apply()),
  save: onNode((node, { args }) => {
    for (let count = Number(args[1] ?? 1); count > 0; count--) node.save()
  }),

  // what there is to see
  status: cluster => {
    for (const node of cluster.nodes.values()) cluster.print(node.raft ? formatStatus(node.raft.status()) : `${node.id} is down`)
  },
  progress: onNode((node, _command, print) => node.core.status().progress.map(formatProgress).forEach(print)),
  log: onNode((node, _command, print) => {
    const { first, last } = node.core.status()
    print(`${node.id} holds ${node.core.entries(first, last.index).map(formatEntry).join(', ') || 'nothing'}`)
  }),
  membership: onNode((node, _command, print) => print(`${node.id} ${formatMembership(node.core.status().membership)}`)),
}

function onNode(run: (node: Node, command: Command, print: (line: string) => void) => void): Run {
  return (cluster, command) => {
    const node = cluster.node(command.args[0])
    run(node, command, cluster.print)
    node.work()
  }
}

/** Ticks one node, or `all` side by side. */
function tick(cluster: Cluster, id: string, times: number): void {
  const nodes = id === 'all' ? [...cluster.nodes.values()] : [cluster.node(id)]
  for (let count = 0; count < times; count++) {
    for (const node of nodes) {
      node.tick()
      node.work()
    }
  }
}

/** `deliver n2 n3 from=n1 type=appendEntries`: to any of those, and all the rest must hold. */
function filter({ args, options }: Command): Filter {
  const [from, type] = [options.get('from'), options.get('type')]
  return message => (args.length === 0 || args.includes(message.to)) && (!from || message.from === from) && (!type || message.type === type)
}

/** `preVote=false maxInflight=2`: the product's defaults hold for everything not named. */
function coreOptions(options: ReadonlyMap<string, string>): Omit<RaftOptions, 'id' | 'random'> {
  return Object.fromEntries([...options].map(([name, value]) => [name, parseValue(value)]))
}

function parseValue(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  return /^\d+$/.test(value) ? Number(value) : value
}
