import type { MembershipChange } from '../../src/log/entry.ts'
import { membershipChange, parseChanges } from '../changes.ts'
import { nodeId } from '../ids.ts'
import type { Output } from '../output.ts'
import type { World } from '../world.ts'
import type { Directive, Directives } from './directive.ts'

/** What clients, operators and the clock bring to a node. */
export const inputDirectives: Directives = {
  campaign: (world, { args }) => world.node(args[0]).raft.campaign(),
  propose: (world, { words }, out) => {
    const [id, data = ''] = words
    report(world.node(id).raft.propose(new TextEncoder().encode(data)), out)
  },
  'propose-conf-change': (world, { args, options, input }, out) => {
    const transition = (options.get('transition') ?? 'auto') as MembershipChange['transition']
    const change = membershipChange(parseChanges(input), transition, options.get('v1') === 'true')
    report(world.node(args[0]).raft.proposeMembership(change), out)
  },
  'read-index': (world, { words }) => void world.node(words[0]).raft.read(words[1] ?? ''),
  'tick-heartbeat': tick(1),
  'tick-election': tick(3),
  'set-randomized-election-timeout': (world, { args, options }) => {
    world.node(args[0]).raft.electionTimeout = Number(options.get('timeout'))
  },
  'transfer-leadership': (world: World, { options }) =>
    void world.node(options.get('from')).raft.transferLeadership(nodeId(options.get('to') ?? 0)),
  'forget-leader': (world, { args }) => world.node(args[0]).raft.forgetLeader(),
  'report-unreachable': (world, { args }) => world.node(args[0]).raft.reportUnreachable(nodeId(args[1] ?? 0)),
}

function report(result: { readonly accepted: true | false | 'forwarded' }, out: Output): void {
  if (result.accepted === false) out.error('raft proposal dropped')
}

function tick(times: number): Directive {
  return (world, { args }) => {
    for (let count = 0; count < times; count++) world.node(args[0]).raft.tick()
  }
}
