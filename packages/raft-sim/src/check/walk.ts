import type { Action, Cluster } from './cluster.ts'
import type { Transition } from './local-states.ts'

/**
 * A cluster that is led step by step. Steps are numbered by what can happen at that moment, first what the nodes can do of themselves and
 * then the messages on their way, in the order of their texts: so a path means the same to another process.
 */
export class Walk {
  readonly cluster: Cluster
  readonly states: number[]
  #messages: number[] = []

  constructor(cluster: Cluster) {
    this.cluster = cluster
    this.states = cluster.origins().map(origin => cluster.local.start(origin))
  }

  /** Throws a RangeError for a step that is not possible here. */
  actionAt(step: number): Action {
    const { ownActions } = this.cluster
    if (step < ownActions) return this.cluster.action(step)
    const message = this.#choices()[(step - ownActions) >> 1]
    if (message === undefined) throw new RangeError(`no step ${step} is possible here: was the path found with this code?`)
    return this.cluster.action(this.cluster.deliver(message, ((step - ownActions) & 1) === 1))
  }
  /** The step that is this action of the cluster, by its number there. */
  stepOf(action: number): number {
    const { ownActions } = this.cluster
    if (action < ownActions) return action
    const message = (action - ownActions) >> 1
    return ownActions + this.#choices().indexOf(message) * 2 + ((action - ownActions) & 1)
  }

  take(action: Action): Transition {
    const transition = this.cluster.transition(this.states[action.node]!, action)
    this.states[action.node] = transition.to
    if (action.message !== undefined && !action.repeats) this.#messages.splice(this.#messages.indexOf(action.message), 1)
    this.#messages.push(...transition.sends)
    return transition
  }

  #choices(): number[] {
    const text = (message: number) => JSON.stringify(this.cluster.message(message))
    return [...new Set(this.#messages)].sort((a, b) => (text(a) < text(b) ? -1 : 1))
  }
}

/** The numbers of a path's actions in this cluster, as steps that any other understands. */
export function stepsOf(cluster: Cluster, actions: readonly number[]): number[] {
  const walk = new Walk(cluster)
  return actions.map(action => {
    const step = walk.stepOf(action)
    walk.take(cluster.action(action))
    return step
  })
}
