import type { Raft, RaftOptions, Trace } from 'raft-core'
import type { NodeOptions } from './api.ts'
import { systemClock } from './clock/system-clock.ts'
import { RaftError } from './errors.ts'
import type { LogStore, Ports, SnapshotStore } from './ports.ts'
import type { DiskReserve } from './storage/disk-reserve.ts'
import { logKindOf } from './storage/folder-layout.ts'
import { openStorage, type StorageOptions } from './storage/level.ts'
import { nodeFiles } from './storage/node-files.ts'
import { TcpTransport } from './transport/tcp-transport.ts'

export type Storage = {
  readonly logStore: LogStore
  readonly snapshotStore: SnapshotStore
  /** Beneath both: how much room there is. Undefined: nobody can tell. */
  readonly reserve?: DiskReserve | undefined
}

/** Everything around a node but its state machine. */
export type World = Omit<Ports<unknown>, 'stateMachine'> & {
  readonly reserve?: DiskReserve | undefined
  /** Keeps what the (closed) folder holds under another name, and gives an empty one. */
  setAside(): Promise<Storage>
  /** For simulators and tools: sees the core of this node, and hears what happens in it and why. Reading only. */
  readonly inspect?: Inspect | undefined
}
export type Inspect = {
  readonly trace?: Trace | undefined
  core?(raft: Raft): void
  /** Other limits than the core's own: so small that what happens at a limit happens all the time. */
  readonly limits?: Partial<Pick<RaftOptions, LimitName>> | undefined
}
type LimitName = 'maxMessageBytes' | 'maxApplyBytes' | 'maxInflight' | 'maxInflightBytes' | 'maxUncommittedBytes'

/** This machine's clock, disk and network, where nothing else was handed in. Only here does a node get to know its adapters. */
export function worldFor({ dir, listen, log, tls, insecure, reserveBytes }: NodeOptions<unknown>, overrides: Partial<World>): World {
  const clock = overrides.clock ?? systemClock()
  const transport = overrides.transport ?? new TcpTransport({ listen, clock, tls, insecure })
  const { inspect } = overrides
  if (overrides.logStore === undefined && overrides.snapshotStore === undefined) {
    const storage = { dir, log, clock, reserveBytes }
    return { clock, transport, ...openStorage(storage), setAside: () => setAside(storage), inspect }
  }
  const { logStore, snapshotStore, reserve } = overrides
  if (logStore === undefined || snapshotStore === undefined) throw new TypeError('override the log store and the snapshot store together')
  return { clock, transport, logStore, snapshotStore, reserve, setAside: overrides.setAside ?? cannotSetAside, inspect }
}

/** The log store that was asked for, or else the one that has made the folder. */
export async function withLogKind<Result>(options: NodeOptions<Result>): Promise<NodeOptions<Result>> {
  const log = options.log ?? (await logKindOf(nodeFiles, options.dir))
  return log === undefined ? options : { ...options, log }
}

async function setAside(options: StorageOptions): Promise<Storage> {
  const { dir } = options
  const folder = dir.replace(/\/+$/, '')
  const parent = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) || '/' : '.'
  const taken = await nodeFiles.list(parent)
  const name = folder.slice(folder.lastIndexOf('/') + 1)
  let number = 1
  while (taken.includes(`${name}.replaced-${number}`)) number += 1
  try {
    await nodeFiles.rename(folder, `${folder}.replaced-${number}`)
    await nodeFiles.syncFolder(parent)
  } catch (cause) {
    throw new RaftError('FOLDER_UNUSABLE', `${dir} holds another cluster and cannot be renamed: name a new folder`, { cause })
  }
  return openStorage(options)
}

async function cannotSetAside(): Promise<Storage> {
  throw new RaftError('FOLDER_FOREIGN', 'this folder holds a cluster of its own: name a new one')
}
