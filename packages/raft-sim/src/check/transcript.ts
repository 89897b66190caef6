import type { Message, RaftOptions } from 'raft-core'
import { createRaft } from 'raft-core'
import { describeChange, describeMessage, describeTrace } from '../describe.ts'
import type { ClusterOptions } from './cluster.ts'
import { Cluster } from './cluster.ts'
import type { Input } from './inputs.ts'
import { LiveNode } from './live-node.ts'
import type { NodeView } from './node-view.ts'
import { entryText } from './node-view.ts'
import { Walk } from './walk.ts'

/** Does the steps of a path once more, on cores that say what they do and why. One line a step, and what the core said below it. */
export function transcript(options: ClusterOptions, path: readonly number[]): string[] {
  const walk = new Walk(new Cluster(options))
  const lines: string[] = []
  for (const [place, step] of path.entries()) {
    const action = walk.actionAt(step)
    const before = walk.states[action.node]!
    const said = accountOf(walk.cluster, options, before, action.input)
    const { to, sends, violation } = walk.take(action)
    const { id } = walk.cluster.local.view(before)
    lines.push(`${String(place + 1).padStart(3)}  ${id} ${describeInput(action.input)}${action.repeats ? ', which will arrive again' : ''}`)
    for (const event of said) lines.push(`       ${event}`)
    for (const message of sends) lines.push(`       → ${describeSent(walk.cluster.message(message))}`)
    if (violation === undefined) lines.push(`       ${describeNode(walk.cluster.local.view(to))}`)
  }
  return lines
}

/** What the core says of one input; it may throw when it contradicts itself. */
function accountOf({ bounds, local }: Cluster, { createCore }: ClusterOptions, state: number, input: Input): string[] {
  const said: string[] = []
  let listens = false
  const trace: RaftOptions['trace'] = event => {
    if (listens) said.push(describeTrace(event))
  }
  const setup = { bounds, createCore: createCore ?? createRaft, trace }
  try {
    const live = local.revive(local.states.items[state]!, setup)
    listens = true
    if (input.type === 'crash') new LiveNode(setup, live.crashed(input.kept))
    else live.perform(input)
  } catch (error) {
    said.push(String(error))
  }
  return said
}

function describeInput(input: Input): string {
  switch (input.type) {
    case 'deliver':
      return `receives from ${input.message.from} ${describeMessage(input.message)}`
    case 'time out':
      return 'times out'
    case 'lease ends':
      return 'has not heard from its leader for an election timeout'
    case 'heartbeat':
      return 'ticks'
    case 'save':
      return 'saves'
    case 'crash':
      return `loses power and starts again${input.kept ? ', its last commit index on disk' : ''}`
    case 'propose':
      return `takes command ${input.data.join(' ')}`
    case 'change':
      return `takes ${describeChange(input.change)}`
  }
}

function describeSent(message: Message): string {
  return `${message.to} ${describeMessage(message)}`
}

function describeNode({ role, term, vote, commit, log, disk, diskLog }: NodeView): string {
  const show = (entries: typeof log) => `[${entries.map(entryText).join(' ')}]`
  const memory = `${role} term=${term} vote=${vote ?? '-'} commit=${commit} log=${show(log)}`
  const same = disk.term === term && disk.vote === vote && show(log) === show(diskLog)
  return same ? memory : `${memory}; on disk term=${disk.term} vote=${disk.vote ?? '-'} log=${show(diskLog)}`
}
