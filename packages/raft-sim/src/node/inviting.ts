import type { Membership, NodeId } from 'raft-core'
import { isMember } from 'raft-core'
import type { NewMember, Node } from 'raft-node'
import type { NodeGhost } from '../invariants/ghost.ts'
import { Violation } from '../invariants/invariant.ts'
import { isVoter } from '../invariants/quorum.ts'
import type { Random } from '../random.ts'
import type { Machine } from './machine.ts'
import { duration } from './nemesis.ts'
import type { NodeWorld } from './world.ts'

/** Operators who name a node to the cluster before they start it: `membership.add`, and `replace` for one whose folder is lost. */
export class Inviting<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  /** Under which id the cluster said that a machine is to come in. */
  readonly #said = new Map<Machine<Result>, NodeId>()

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('inviting')
  }

  /** Lets a new machine in. */
  letIn(machine: Machine<Result>): void {
    if (!this.#isChosen()) return machine.start()
    const member: NewMember = { ...memberOn(machine), promote: this.#random.chance(0.8) }
    this.#ask(machine, (node, timeoutMs) => node.membership.add(member, { timeoutMs }), 'invited member')
  }

  /** Whether the machine comes in this way in place of the member that its folder was. */
  replaces(machine: Machine<Result>, lost: NodeId | undefined): boolean {
    if (lost === undefined || !this.#isChosen()) return false
    this.#ask(machine, (node, timeoutMs) => node.membership.replace(lost, memberOn(machine), { timeoutMs }), 'replaced by name')
    return true
  }

  #isChosen(): boolean {
    return this.#world.scenario.invites && this.#random.chance(0.8)
  }

  /** Started afterwards, whatever came of it. */
  #ask(machine: Machine<Result>, run: (node: Node<Result>, timeoutMs: number) => Promise<NodeId>, mark: Mark): void {
    const { schedule, coverage, journal, scenario } = this.#world
    const through = this.#world.memberBeside(machine)
    if (through === undefined) return machine.start()
    const timeoutMs = this.#world.callTimeout()
    const start = () => machine.start()
    const ended = (text: string) => {
      journal.record('answer', schedule.now, through, machine.number, text.length, () => `${mark} ${machine.id}: ${text}`)
      schedule.after(duration(this.#random, [0, 3 * scenario.timeoutMs]), start)
    }
    journal.record('member', schedule.now, through, machine.number, mark.length, () => `${mark} ${machine.id}`)
    schedule.after(2 * timeoutMs + 3 * scenario.timeoutMs, start) // a process that dies answers nobody
    through.ask(timeoutMs, node => run(node, timeoutMs), {
      value: id => {
        coverage.saw(mark)
        if (machine.state === 'down') this.#said.set(machine, id)
        ended(`as ${id}`)
      },
      error: ({ code, outcome }) => ended(`${code}, ${outcome}`),
    })
  }

  /** It runs, under the id that was said, unless that member was removed meanwhile. */
  opened(machine: Machine<Result>): void {
    const said = this.#said.get(machine)
    this.#said.delete(machine)
    const { mainCluster } = this.#world
    const id = machine.watch?.identity?.nodeId
    if (said === undefined || said === id || mainCluster === undefined || machine.cluster !== mainCluster) return
    if (!isMember(mainCluster.ghost.configs.latest.membership, said)) return
    throw new Violation('newcomer', id, `${machine.id} runs as ${id}, and was let in as ${said}`)
  }
}

type Mark = 'invited member' | 'replaced by name'

function memberOn<Result>({ id, address }: Machine<Result>): NewMember {
  return { id, address, clientAddress: `${id}:80` }
}

/**
 * Who becomes a voter was a learner first; and, if no operator has asked for it, one that has a part of the log on its disk. `asked`: whom
 * operators wanted to be voters.
 */
export function checkNewcomers(
  before: Membership,
  after: Membership,
  nodes: ReadonlyMap<NodeId, NodeGhost>,
  asked: ReadonlySet<NodeId>,
): void {
  for (const id of after.voters) {
    if (isVoter(before, id)) continue
    const wasLearner = before.learners.includes(id) || before.learnersNext.includes(id)
    if (!wasLearner) throw new Violation('newcomer', id, `${id} is a voter, and was never a learner`)
    const holds = nodes.get(id)?.disk.log.last ?? 0
    if (holds === 0 && !asked.has(id)) throw new Violation('newcomer', id, `${id} is made a voter by itself, and has nothing of the log`)
  }
}
