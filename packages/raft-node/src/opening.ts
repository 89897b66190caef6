import type { Index, Position } from 'raft-core'
import type { JoinAnswer, NodeEvent, NodeOptions } from './api.ts'
import { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import { askAgain, claimFolder, foundCluster, isLoneFounder, isProvisional, joinCluster } from './identity.ts'
import { PeerGate } from './peer-gate.ts'
import type { Identity, LogState, LogStore, Ports } from './ports.ts'
import type { World } from './real-ports.ts'
import { ReplicatedState } from './replicated-state.ts'
import { type RestoredFolder, restoreFolder } from './restoring.ts'
import type { Settings } from './settings.ts'

export type Opened<Result> = { readonly engine: Engine<Result>; readonly gate: PeerGate }

/**
 * From a folder to an engine that is ready to start. The order matters: a new folder is this node's before its address is known, has an
 * address before it asks to be let in, and nobody is talked to before the state is restored.
 */
export async function openEngine<Result>(
  world: World,
  options: NodeOptions<Result>,
  settings: Settings,
  emit: (event: NodeEvent) => void,
): Promise<Opened<Result>> {
  const { found, storage } = await openFolder(world, options)
  const ports: Ports<Result> = { ...world, ...storage, stateMachine: options.stateMachine }
  const state = new ReplicatedState(options.stateMachine, options.resultCodec, world.clock)
  const parts = { ...ports, state }
  return closingOnError(storage.logStore, async () => {
    checkMachine(found.identity, state.machineAt, options.dir)
    const claimed = await claimFolder(storage.logStore, world.clock, found.identity, options)
    // A folder with a cluster is restored first: what its log holds is what it says of itself in its first handshake.
    const known = isProvisional(claimed) ? undefined : await restoreFolder(parts, found.state, found.damage)
    const start = world.clock.uniqueId()
    const gate = new PeerGate(claimed, { last: endOf(found.state, known), repairing: known?.repairs !== undefined, start }, emit)
    const { address } = await world.transport.start(gate)
    const { identity, answer } = await enter(parts, options, { claimed, address, clientAddress: settings.clientAddress, known })
    const restored = known ?? (await restoreFolder(parts, found.state, undefined))
    const introduced = answer?.members ?? []
    const inspect = options.trace === undefined ? world.inspect : { ...world.inspect, trace: options.trace }
    const { reserve } = storage
    const asked = { settings, identity, address, introduced, start, emit, inspect }
    return { engine: new Engine({ ports, state, restored, reserve, ...asked }), gate }
  })
}

/** A cluster of one that was founded where a member's folder was lost gives way to that member's next life, if the operator says so. */
async function openFolder(world: World, { replace = false, join }: NodeOptions<unknown>) {
  const { logStore, snapshotStore, reserve } = world
  if (reserve !== undefined) await reserve.makeRoomToOpen()
  const found = await logStore.open()
  const isInTheWay = await closingOnError(logStore, async () => replace && join !== undefined && isLoneFounder(snapshotStore, found))
  if (!isInTheWay) return { found, storage: { logStore, snapshotStore, reserve } }
  await logStore.close()
  const storage = await world.setAside()
  return { found: await storage.logStore.open(), storage }
}

async function closingOnError<T>(store: LogStore, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What a state machine brings along belongs to the cluster that it was made in. */
function checkMachine(identity: Identity | undefined, machineAt: Index, dir: string): void {
  if (machineAt === 0 || (identity !== undefined && !isProvisional(identity))) return
  const what = `the state machine holds a state, of index ${machineAt}, but ${dir} belongs to no cluster`
  throw new RaftError('INVALID_ARGUMENT', `${what}: give it an empty store for a new folder`)
}

type Arrival = {
  readonly claimed: Identity
  readonly address: string
  readonly clientAddress: string
  readonly known: RestoredFolder | undefined
}

/** Founds or joins where that is still to be done. */
async function enter<Result>(
  ports: Ports<Result> & { readonly state: ReplicatedState<Result> },
  { join, id, dir, replace = false }: NodeOptions<Result>,
  { claimed, address, clientAddress, known }: Arrival,
): Promise<{ readonly identity: Identity; readonly answer?: JoinAnswer }> {
  const request = { id, address, clientAddress, incarnation: claimed.incarnation, replace }
  if (isProvisional(claimed)) {
    if (join === undefined) return { identity: await foundCluster(ports, claimed, { address, clientAddress }) }
    await ports.snapshotStore.keep(0) // of a founding that was cut short
    return joinCluster(join, ports.logStore, claimed, request)
  }
  // A node in repair waits for its peers to call.
  if (known?.snapshot !== undefined || known?.repairs !== undefined) return { identity: claimed }
  // Let in, but stopped before anything of the log arrived: this folder does not know its cluster's members.
  if (join !== undefined) return { identity: claimed, answer: await askAgain(join, claimed, { ...request, replace: false }, dir) }
  throw new RaftError(
    'INVALID_ARGUMENT',
    `${id} was let into its cluster, but holds nothing of it yet: start it once more with the address to join`,
  )
}

function endOf({ base, entries }: LogState, restored: RestoredFolder | undefined): Position {
  const last = restored?.entries.at(-1) ?? restored?.snapshot ?? entries.at(-1) ?? base
  return { term: last.term, index: last.index }
}
