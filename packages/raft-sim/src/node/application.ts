import type { Index } from 'raft-core'
import type { NodeOptions, StateMachine } from 'raft-node'
import type { Deed } from '../lin/operation.ts'
import type { Random } from '../random.ts'
import type { Attended } from './attending.ts'
import type { Backup } from './restore-model.ts'

/** What is replicated, and what its clients do: handed in by whoever wants it simulated. */
export type Application<Result> = {
  readonly resultCodec: NodeOptions<Result>['resultCodec']
  /** A state machine that holds nothing yet. */
  create(): ObservedMachine<Result>
  /**
   * The same in the simplest way there is: says what the state machine must answer. Default: another one made by `create`, to which all
   * commands are applied without a break.
   */
  model?(): Model<Result>
  /** A command for the log. No other command of the run is given the same number. */
  command(random: Random, number: number): { readonly bytes: Uint8Array; readonly text: string }
  /** Something that a client wants to know. */
  question(random: Random): string
  /** What commands and answers mean for keys, if the state is a map: then each run is also searched for an order that explains it. */
  readonly keys?: Keys<Result> | undefined
  /** Its model can `restore`: some runs then put another state in the place of the replicated one, and nothing attends their nodes. */
  readonly isRestorable?: boolean
}

export type Keys<Result> = {
  /** What a command does to each of its keys. `result`: undefined if its client did not hear it. */
  changes(command: Uint8Array, result: Result | undefined): readonly Deed[]
  /** What an answer shows; undefined: nothing about one key. */
  shows(question: string, answer: string): Deed | undefined
}

export type ObservedMachine<Result> = {
  readonly machine: StateMachine<Result>
  /** Equal for equal states, and hardly ever for others. */
  digest(): number
  answer(question: string): string
  /** Acts beside the node while it runs, as a service does; returns how to stop. */
  attend?(attended: Attended<Result>): () => void
}

export type Model<Result> = {
  /** Commands come in the order of the log, each once. */
  apply(command: Uint8Array, index: Index): Result
  /** As of this index, which may be in the past. */
  answer(question: string, index: Index): string
  /** From this index on everything is as these commands leave it, given to a machine that held nothing. */
  restore?(commands: Backup['commands'], index: Index): void
}
