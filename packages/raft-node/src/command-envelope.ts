import { Buffer } from 'node:buffer'

/**
 * How the node wraps what it proposes: one byte that says for whom the entry is, then the payload.
 * So a barrier needs no command of the state machine, and later kinds (client sessions) can be told from today's commands.
 */
const kinds = { command: 0, barrier: 1 } as const

export function wrapCommand(command: Uint8Array): Uint8Array {
  // From Node's pool: an ArrayBuffer of its own costs several times as much as filling it.
  const data = Buffer.allocUnsafe(command.length + 1)
  data[0] = kinds.command
  data.set(command, 1)
  return data
}

export const barrierEntry: Uint8Array = Uint8Array.of(kinds.barrier)

/** The state machine's command in an entry's data; undefined where the entry is not for the state machine. */
export function commandIn(data: Uint8Array): Uint8Array | undefined {
  if (data[0] === kinds.command) return data.subarray(1)
  if (data[0] === kinds.barrier) return undefined
  throw new Error(`an entry of unknown kind ${data[0]}: written by a newer version of raft-node?`)
}
