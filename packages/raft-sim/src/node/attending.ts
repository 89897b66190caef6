import type { Applied, CallOptions, Clock, Node } from 'raft-node'
import { RaftError } from 'raft-node'
import { Violation } from '../invariants/invariant.ts'
import type { Random } from '../random.ts'
import type { Machine } from './machine.ts'
import type { NodeWorld } from './world.ts'

/** What an application that attends its nodes gets to know of one. It lives as long as the process. */
export type Attended<Result> = {
  /** The same for all nodes of one run, and for no other run. */
  readonly run: object
  readonly clusterId: string
  readonly node: Pick<Node<Result>, 'role' | 'term' | 'apply'>
  /** Of the process: it stops with it. */
  readonly clock: Clock
  readonly random: Random
  /** The time that no clock shows. */
  now(): number
  /** Before faults begin, and once they are over and everybody is to come to rest. */
  isQuiet(): boolean
  /** A promise is broken. */
  broken(message: string): void
}

/** Lets the application attend a node that has started, until it closes. What it writes is part of the history like all that clients do. */
export function attended<Result>(world: NodeWorld<Result>, machine: Machine<Result>, clock: Clock, node: Node<Result>): Node<Result> {
  const { application, watch } = machine
  if (application?.attend === undefined || watch === undefined || world.scenario.restoreMs !== undefined) return node
  const stop = application.attend({
    run: world,
    clusterId: node.identity.clusterId,
    node: recorded(world, machine, node),
    clock,
    random: world.random.fork(`attends ${machine.id} ${clock.uniqueId()}`),
    now: () => world.schedule.now,
    isQuiet: () => world.faults !== world.scenario.faults,
    broken: message => world.fail(new Violation('application', machine.id, message)),
  })
  return new Proxy(node, {
    get(target, name) {
      if (name === 'close') stop()
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function recorded<Result>(world: NodeWorld<Result>, machine: Machine<Result>, node: Node<Result>): Attended<Result>['node'] {
  const apply = async (bytes: Uint8Array, options?: CallOptions): Promise<Applied<Result>> => {
    const { cluster } = machine
    const call = cluster?.history.writes(`write of the application on ${machine.id}`, bytes)
    try {
      const applied = await node.apply(bytes, options)
      if (call !== undefined) world.check(() => cluster?.history.acknowledged(call, applied))
      return applied
    } catch (error) {
      if (call !== undefined && error instanceof RaftError && error.outcome === 'not-applied') {
        world.check(() => cluster?.history.failed(call, error))
      }
      throw error
    }
  }
  return {
    get role() {
      return node.role
    },
    get term() {
      return node.term
    },
    apply,
  }
}
