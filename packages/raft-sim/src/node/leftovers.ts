import { Violation } from '../invariants/invariant.ts'
import type { Network } from './network.ts'
import type { Process } from './process.ts'

/** Nothing of a node that has closed, or failed to start, keeps its process alive. */
export function checkNothingLeft(network: Network, process: Process, id: string, what: string): void {
  if (network.isListening(process)) throw new Violation('close', id, `${what} leaves ${id} listening`)
  if (process.timers > 0)
    throw new Violation('close', id, `${what} leaves ${process.timers} timers of ${id} in the schedule\n${process.timerStacks}`)
  const open = network.connectionsOf(process)
  if (open > 0) throw new Violation('close', id, `${what} leaves ${open} connections of ${id} open`)
}
