import type { Position } from 'raft-core'
import type { JoinAnswer, NodeEvent, NodeOptions } from './api.ts'
import { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import { claimFolder, foundCluster, isProvisional, joinCluster } from './identity.ts'
import { PeerGate } from './peer-gate.ts'
import type { Identity, LogState, Ports } from './ports.ts'
import { type RestoredFolder, restoreFolder } from './restoring.ts'
import type { Settings } from './settings.ts'

export type Opened<Result> = { readonly engine: Engine<Result>; readonly gate: PeerGate }

/**
 * From a folder to a running engine. The order matters: a new folder is this node's before its address is known, has an address before
 * it asks to be let in, and nobody is talked to before the state is restored.
 */
export async function openEngine<Result>(
  ports: Ports<Result>,
  options: NodeOptions<Result>,
  settings: Settings,
  emit: (event: NodeEvent) => void,
): Promise<Opened<Result>> {
  const { logStore, clock, transport } = ports
  const found = await logStore.open()
  const claimed = await claimFolder(logStore, clock, found.identity, options)
  const isNew = isProvisional(claimed)
  // A folder with a cluster is restored first: what its log holds is what it says of itself in its first handshake.
  const known = isNew ? undefined : await restoreFolder(ports, found.state)
  const gate = new PeerGate(claimed, endOf(found.state, known), emit)
  const { address } = await transport.start(gate)
  const entry = await enter(ports, options, { claimed, address, clientAddress: settings.clientAddress, known })
  const restored = known ?? (await restoreFolder(ports, found.state))
  const introduced = entry.answer?.members ?? []
  const engine = new Engine({ ports, settings, identity: entry.identity, address, restored, introduced, emit })
  return { engine, gate }
}

type Arrival = {
  readonly claimed: Identity
  readonly address: string
  readonly clientAddress: string
  readonly known: RestoredFolder | undefined
}

/** Founds or joins where that is still to be done. */
async function enter<Result>(
  ports: Ports<Result>,
  { join, id, replace = false }: NodeOptions<Result>,
  { claimed, address, clientAddress, known }: Arrival,
): Promise<{ readonly identity: Identity; readonly answer?: JoinAnswer }> {
  const request = { id, address, clientAddress, incarnation: claimed.incarnation, replace }
  if (isProvisional(claimed)) {
    if (join === undefined) return { identity: await foundCluster(ports, claimed, { address, clientAddress }) }
    await ports.snapshotStore.keep(0) // of a founding that was cut short
    return joinCluster(join, ports.logStore, claimed, request)
  }
  if (known?.snapshot !== undefined) return { identity: claimed }
  // Let in, but stopped before anything of the log arrived: this folder does not know its cluster's members.
  if (join !== undefined) return { identity: claimed, answer: await join({ ...request, replace: false }) }
  throw new RaftError('INVALID_ARGUMENT', `${id} was let into its cluster, but holds nothing of it yet: start it once more with the address to join`)
}

function endOf({ base, entries }: LogState, restored: RestoredFolder | undefined): Position {
  const last = restored?.entries.at(-1) ?? restored?.snapshot ?? entries.at(-1) ?? base
  return { term: last.term, index: last.index }
}
