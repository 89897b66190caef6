import type { Index } from 'raft-core'
import type { CallOptions, NodeOptions } from './api.ts'
import { RaftError, reasonOf } from './errors.ts'
import { MapState } from './map-state.ts'
import { RaftNode } from './raft-node.ts'
import type { World } from './real-ports.ts'
import { pack, unpack } from './tuples.ts'

/** What a replicated map is started with: a node's options, without those that the map answers itself. */
export type ReplicatedMapOptions = Omit<NodeOptions<boolean>, 'stateMachine' | 'resultCodec'>

const version = 1

/**
 * A map that every member holds and that survives as long as a majority of them does. Values are whatever MessagePack can carry:
 * strings, numbers, plain objects and arrays, bytes.
 *
 *     await using map = await ReplicatedMap.open({ id: 'n1', dir: '/var/lib/app', listen: '127.0.0.1:8186', bootstrap: true })
 *     await map.set('color', 'green')
 *     await map.get('color')
 */
export class ReplicatedMap<Value> implements AsyncDisposable {
  /** The node below: its status, its membership, its leadership. */
  readonly node: RaftNode<boolean>
  readonly #state: MapState<Value>

  static async open<Value = unknown>(options: ReplicatedMapOptions, overrides: Partial<World> = {}): Promise<ReplicatedMap<Value>> {
    const stateMachine = new MapState<Value>()
    const node = await RaftNode.open<boolean>({ ...options, stateMachine, resultCodec }, overrides)
    return new ReplicatedMap(node, stateMachine)
  }

  private constructor(node: RaftNode<boolean>, state: MapState<Value>) {
    this.node = node
    this.#state = state
  }

  /** @throws RaftError INVALID_ARGUMENT for a key or a value that MessagePack cannot carry. */
  async set(key: string, value: Value, options?: CallOptions): Promise<void> {
    await this.node.apply(setCommand(key, value), options)
  }

  /** Whether the key was there. */
  async delete(key: string, options?: CallOptions): Promise<boolean> {
    return (await this.node.apply(MapState.deleteCommand(checkedKey(key)), options)).result
  }

  /**
   * Linearizable unless `stale` is asked for: it sees every write that was acknowledged before the call, on whichever member. Objects are
   * copies: what becomes of them changes nothing in the map.
   */
  async get(key: string, options?: CallOptions & { readonly consistency?: 'linearizable' | 'stale' }): Promise<Value | undefined> {
    await this.node.read(options)
    const value = this.#state.get(key)
    return typeof value === 'object' ? copyOf(value) : value
  }

  /** Resolves once everything that was written anywhere before the call is in this member's map. */
  barrier(options?: CallOptions): Promise<Index> {
    return this.node.barrier(options)
  }

  close(): Promise<void> {
    return this.node.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Half a surrogate pair would come back as another key than it was. */
function checkedKey(key: string): string {
  if (!/\p{Surrogate}/u.test(key)) return key
  throw new RaftError('INVALID_ARGUMENT', 'the key holds half a surrogate pair, which is no text')
}

/** As it would come out of the log: bytes are a Buffer there, and would not be one by `structuredClone`. */
function copyOf<Value>(value: Value): Value {
  return unpack(pack([version, value]), version, 'a value')[0] as Value
}

function setCommand(key: string, value: unknown): Uint8Array {
  checkedKey(key)
  try {
    return MapState.setCommand(key, value)
  } catch (cause) {
    throw new RaftError('INVALID_ARGUMENT', `the value of ${key} cannot be carried by MessagePack: ${reasonOf(cause)}`, { cause })
  }
}

const resultCodec = {
  encode: (existed: boolean) => pack([version, existed]),
  decode: (bytes: Uint8Array) => unpack(bytes, version, 'an answer of the map')[0] === true,
}
