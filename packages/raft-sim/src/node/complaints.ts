import type { NodeEvent } from 'raft-node'
import { Violation } from '../invariants/invariant.ts'
import type { Machine } from './machine.ts'
import type { NodeWorld } from './world.ts'

type Fault = Extract<NodeEvent, { type: 'fault' }>

/** A node stops serving only for a reason. */
export function checkComplaint<Result>(machine: Machine<Result>, world: NodeWorld<Result>, { code, message }: Fault): void {
  const { core, cluster, id } = machine
  if (code === 'NOT_A_MEMBER' && core !== undefined && cluster !== undefined) {
    const { voters, outgoing, learners } = cluster.ghost.configs.latest.membership
    if (![...voters, ...outgoing, ...learners].includes(core.id)) return
  }
  if (code === 'WIPED_MEMBER' && cluster !== undefined && cluster !== world.mainCluster) return
  if (code === 'OLD_FOLDER' && world.oldFolders.told(machine)) return
  // One that is full ends no node.
  if (code === 'STORAGE_FAILED' && machine.disk.hasFailed) return
  throw new Violation('no-fault', id, `${core?.id ?? id} stops serving: ${code}: ${message}`)
}
