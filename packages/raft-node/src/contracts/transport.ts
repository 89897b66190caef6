import type { Message, NodeId } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { HandshakeRefusal, Hello, Transport, TransportEvents } from '../ports.ts'
import { bytes, everyMessage, heartbeat, snapshotOf } from './sample-messages.ts'
import type { ContractTools } from './tools.ts'

/** A healthy network with three members, none of them started. */
export type TransportWorld = {
  readonly members: readonly [Member, Member, Member]
  /** Lets time pass until the condition holds; rejects if it never does. */
  until(condition: () => boolean): Promise<void>
  /** Lets so much time pass that whatever is on its way has arrived. */
  settle(): Promise<void>
}
type Member = { readonly id: NodeId; readonly transport: Transport }

/** What every `Transport` keeps to. `make` builds a world of its own for each rule. */
export function transportContract({ describe, test, expect }: ContractTools, make: () => Promise<TransportWorld>): void {
  const rule = (name: string, body: (world: StartedWorld) => Promise<void>) =>
    test(name, async () => {
      const world = new StartedWorld(await make())
      try {
        await world.start()
        await body(world)
      } finally {
        await world.close()
      }
    })

  describe('transport: messages', () => {
    rule('arrive as they were sent, with their sender', async world => {
      const messages = everyMessage(world.a.id, world.b.id)
      for (const message of messages) world.a.transport.send(message)
      await world.until(() => world.b.messages.length >= messages.length)
      expect(world.b.messages).toEqual(messages.map(message => ({ from: world.a.id, message })))
      expect(world.c.messages).toEqual([])
    })

    rule('to somebody unknown vanish', async world => {
      world.a.transport.send(heartbeat(world.a.id, 'nobody'))
      world.a.transport.send(heartbeat(world.a.id, world.b.id))
      await world.until(() => world.b.messages.length === 1)
      expect(world.c.messages).toEqual([])
    })

    rule('for another node than the one they reach are dropped', async world => {
      world.connect(world.a, new Map([[world.c.id, world.b.address]]))
      world.a.transport.send(heartbeat(world.a.id, world.c.id))
      await world.settle()
      expect(world.b.messages).toEqual([])
      expect(world.c.messages).toEqual([])
    })

    rule('from a node that claims to be another are dropped', async world => {
      world.a.transport.send(heartbeat(world.c.id, world.b.id))
      world.a.transport.send(heartbeat(world.a.id, world.b.id))
      await world.until(() => world.b.messages.length === 1)
      await world.settle()
      expect(world.b.messages.map(({ from }) => from)).toEqual([world.a.id])
    })
  })

  describe('transport: strangers to each other', () => {
    rule('who is no peer of ours gets messages on the connection that he has dialled', async world => {
      world.connect(world.a, new Map())
      world.connect(world.b, new Map())
      world.connect(world.b, new Map([[world.a.id, world.a.address]]))
      await world.until(() => world.b.peerStates(world.a.id).length === 2)
      await world.settle()
      world.a.transport.send(heartbeat(world.a.id, world.b.id))
      world.a.transport.send(heartbeat(world.c.id, world.b.id))
      await world.until(() => world.b.messages.length > 0)
      await world.settle()
      expect(world.b.messages.map(({ from }) => from)).toEqual([world.a.id])
    })
  })

  describe('transport: peers', () => {
    rule('are reported as connected, and as gone', async world => {
      expect(world.a.peerStates(world.b.id)).toEqual(['connected'])
      await world.b.transport.close()
      await world.until(() => world.a.peerStates(world.b.id).length > 1)
      expect(world.a.peerStates(world.b.id)[1] === 'connected').toBe(false)
      expect(world.a.peerStates(world.c.id)).toEqual(['connected'])
    })

    rule('that are left out are disconnected', async world => {
      world.connect(world.a, new Map([[world.c.id, world.c.address]]))
      world.a.transport.send(heartbeat(world.a.id, world.b.id))
      expect(await world.failure(world.a.request(world.b, bytes(1)))).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'not-applied' })
      await world.settle()
      expect(world.b.messages).toEqual([])
      expect([...(await world.a.request(world.c, bytes(7)))]).toEqual([7])
    })

    rule('that this node does not admit cannot send to it, and both sides learn why', async world => {
      world.b.admits = hello => (hello.nodeId === world.a.id ? 'removed' : undefined)
      world.connect(world.a, new Map())
      world.connect(world.a, new Map([[world.b.id, world.b.address]]))
      await world.until(() => world.a.mismatches.length > 0 && world.b.mismatches.length > 0)
      expect(world.a.mismatches[0]).toEqual({ theirs: world.b.id, reason: 'removed', direction: 'out', by: 'them' })
      expect(world.b.mismatches[0]).toEqual({ theirs: world.a.id, reason: 'removed', direction: 'in', by: 'us' })
      world.a.transport.send(heartbeat(world.a.id, world.b.id))
      await world.settle()
      expect(world.b.messages).toEqual([])
    })

    rule('that refuses whom it has dialled says so, and the other hears who did', async world => {
      world.a.admits = hello => (hello.nodeId === world.b.id ? 'wiped-member' : undefined)
      world.connect(world.a, new Map())
      world.connect(world.a, new Map([[world.b.id, world.b.address]]))
      await world.until(() => world.a.mismatches.length > 0 && world.b.mismatches.length > 0)
      expect(world.a.mismatches[0]).toEqual({ theirs: world.b.id, reason: 'wiped-member', direction: 'out', by: 'us' })
      expect(world.b.mismatches[0]).toEqual({ theirs: world.a.id, reason: 'wiped-member', direction: 'in', by: 'them' })
    })

    rule('of another cluster are turned away', async world => {
      world.b.clusterId = 'another'
      world.connect(world.a, new Map())
      world.connect(world.a, new Map([[world.b.id, world.b.address]]))
      await world.until(() => world.a.mismatches.length > 0 && world.b.mismatches.length > 0)
      expect(world.a.mismatches[0]).toEqual({ theirs: world.b.id, reason: 'other-cluster', direction: 'out', by: 'them' })
      expect(world.b.mismatches[0]).toEqual({ theirs: world.a.id, reason: 'other-cluster', direction: 'in', by: 'us' })
    })
  })

  describe('transport: requests', () => {
    rule('get the answer to themselves, in whatever order answers come', async world => {
      const waiting: Array<() => void> = []
      world.b.onRequest = (_from, body) => new Promise(resolve => waiting.unshift(() => resolve(body)))
      const answers = Promise.all([1, 2, 3].map(n => world.a.request(world.b, bytes(n))))
      await world.until(() => waiting.length === 3)
      for (const answer of waiting) answer()
      expect((await answers).map(answer => [...answer])).toEqual([[1], [2], [3]])
    })

    rule('that are rejected keep code, message, outcome and leader', async world => {
      const leader = { id: world.c.id, address: 'c:1', clientAddress: 'c:2' }
      world.b.onRequest = async () => {
        throw new RaftError('NOT_LEADER', 'ask somebody else', { outcome: 'unknown', leader })
      }
      const error = await world.failure(world.a.request(world.b, bytes(1)))
      expect(error instanceof RaftError).toBe(true)
      expect(error).toMatchObject({ code: 'NOT_LEADER', message: 'ask somebody else', outcome: 'unknown', leader })
    })

    rule('to somebody unknown were not applied', async world => {
      const error = await world.failure(world.a.transport.request('nobody', bytes(1), { timeoutMs: 1_000 }))
      expect(error).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'not-applied' })
    })

    rule('that are not answered in time have an unknown outcome, and were sent once', async world => {
      let asked = 0
      world.b.onRequest = () => {
        asked++
        return new Promise(() => {})
      }
      const error = await world.failure(world.a.transport.request(world.b.id, bytes(1), { timeoutMs: 50 }))
      expect(error).toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
      await world.settle()
      expect(asked).toBe(1)
    })

    rule('whose peer goes away have an unknown outcome', async world => {
      let asked = 0
      world.b.onRequest = () => {
        asked++
        return new Promise(() => {})
      }
      const lost = world.failure(world.a.request(world.b, bytes(1)))
      await world.until(() => asked === 1)
      await world.b.transport.close()
      expect(await lost).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
    })
  })

  describe('transport: snapshots', () => {
    rule('arrive whole, and are sent once the other side holds them', async world => {
      let release = () => {}
      let isSent = false
      const received: number[] = []
      const seen: unknown[] = []
      world.b.onSnapshot = async (from, message, meta, data) => {
        seen.push({ from, message, meta })
        for await (const chunk of data(0)) received.push(...chunk)
        await new Promise<void>(resolve => {
          release = resolve
        })
      }
      const { message, meta } = snapshotOf(world.a, world.b, 600)
      const sending = world.a.transport
        .sendSnapshot(message, meta, () => chunks(3, 200))
        .then(() => {
          isSent = true
        })
      await world.until(() => received.length === 600)
      await world.settle()
      expect(isSent).toBe(false)
      release()
      await sending
      expect(seen).toEqual([{ from: world.a.id, message, meta }])
      expect(received.every((byte, i) => byte === Math.floor(i / 200))).toBe(true)
    })

    rule('that the other side cannot keep are reported', async world => {
      world.b.onSnapshot = async (_from, _message, _meta, data) => {
        for await (const _ of data(0)) throw new RaftError('STORAGE_FAILED', 'the disk is full')
      }
      const { message, meta } = snapshotOf(world.a, world.b, 600)
      const error = await world.failure(world.a.transport.sendSnapshot(message, meta, () => chunks(3, 200)))
      expect(error).toMatchObject({ code: 'STORAGE_FAILED', message: 'the disk is full' })
    })

    rule('go on where the other side says, and are not read where nothing is wanted', async world => {
      const asked: number[] = []
      const source = (from: number) => {
        asked.push(from)
        return chunks(1, 600 - from)
      }
      let received = 0
      const { message, meta } = snapshotOf(world.a, world.b, 600)
      world.b.onSnapshot = async () => {}
      await world.a.transport.sendSnapshot(message, meta, source)
      for (const from of [450, 600]) {
        world.b.onSnapshot = async (_from, _message, _meta, data) => {
          for await (const chunk of data(from)) received += chunk.length
        }
        await world.a.transport.sendSnapshot(message, meta, source)
      }
      expect({ asked, received }).toEqual({ asked: [450, 600], received: 150 })
    })

    rule('that break off at the source never look complete', async world => {
      let ending: unknown
      world.b.onSnapshot = async (_from, _message, _meta, data) => {
        ending = await world.failure(drain(data(0)))
        throw ending
      }
      const { message, meta } = snapshotOf(world.a, world.b, 600)
      const error = await world.failure(world.a.transport.sendSnapshot(message, meta, () => breaking(chunks(2, 200))))
      expect(error).toMatchObject({ message: 'the source broke' })
      await world.until(() => ending !== undefined)
      expect(ending instanceof RaftError).toBe(true)
    })

    rule('whose receiver goes away are rejected', async world => {
      let begun = false
      world.b.onSnapshot = async (_from, _message, _meta, data) => {
        begun = true
        await drain(data(0))
      }
      const { message, meta } = snapshotOf(world.a, world.b, 600)
      const sending = world.failure(world.a.transport.sendSnapshot(message, meta, () => unending(chunks(1, 200))))
      await world.until(() => begun)
      await world.b.transport.close()
      expect(await sending).toMatchObject({ code: 'CONNECTION_LOST' })
    })
  })

  describe('transport: close', () => {
    rule('ends requests and snapshots, and what comes later does nothing', async world => {
      world.b.onRequest = () => new Promise(() => {})
      const { message, meta } = snapshotOf(world.a, world.b, 600)
      const request = world.failure(world.a.request(world.b, bytes(1)))
      const snapshot = world.failure(world.a.transport.sendSnapshot(message, meta, () => unending(chunks(1, 200))))
      await world.a.transport.close()
      await world.a.transport.close()
      expect(await request).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
      expect(await snapshot).toMatchObject({ code: 'CONNECTION_LOST' })
      world.a.transport.send(heartbeat(world.a.id, world.b.id))
      world.connect(world.a, new Map([[world.b.id, world.b.address]]))
      expect(await world.failure(world.a.request(world.b, bytes(1)))).toMatchObject({ outcome: 'not-applied' })
      await world.settle()
      expect(world.b.messages).toEqual([])
    })
  })
}

/** The world with all members started, wired to each other, and connected. */
class StartedWorld {
  readonly a: Endpoint
  readonly b: Endpoint
  readonly c: Endpoint
  readonly until: TransportWorld['until']
  readonly settle: TransportWorld['settle']

  constructor({ members, until, settle }: TransportWorld) {
    this.a = new Endpoint(members[0])
    this.b = new Endpoint(members[1])
    this.c = new Endpoint(members[2])
    this.until = until
    this.settle = settle
  }

  get #all(): readonly Endpoint[] {
    return [this.a, this.b, this.c]
  }

  async start(): Promise<void> {
    for (const endpoint of this.#all) await endpoint.start()
    const peers = new Map(this.#all.map(({ id, address }) => [id, address]))
    for (const endpoint of this.#all) this.connect(endpoint, peers)
    await this.until(() =>
      this.#all.every(one => this.#all.every(other => one === other || one.peerStates(other.id).at(-1) === 'connected')),
    )
  }

  connect({ id, transport }: Endpoint, peers: ReadonlyMap<NodeId, string>): void {
    transport.setPeers(new Map([...peers].filter(([peer]) => peer !== id)))
  }

  /** What the promise is rejected with; undefined if it is not. */
  failure(promise: Promise<unknown>): Promise<unknown> {
    return promise.then(
      () => undefined,
      (error: unknown) => error,
    )
  }

  async close(): Promise<void> {
    for (const endpoint of this.#all) await endpoint.transport.close()
  }
}

/** One member's transport, with a record of what it reported. */
class Endpoint {
  readonly id: NodeId
  readonly transport: Transport
  readonly messages: Array<{ from: NodeId; message: Message }> = []
  readonly mismatches: Array<{ theirs: NodeId | undefined; reason: HandshakeRefusal; direction: string; by: string }> = []
  readonly #peerStates: Array<{ id: NodeId; state: string }> = []
  address = ''
  clusterId = 'cluster'
  admits: TransportEvents['admit'] = () => undefined
  onRequest: TransportEvents['request'] = async (_from, body) => body
  onSnapshot: TransportEvents['snapshot'] = async (_from, _message, _meta, data) => drain(data(0))

  constructor({ id, transport }: Member) {
    this.id = id
    this.transport = transport
  }

  async start(): Promise<void> {
    const { address } = await this.transport.start({
      message: (from, message) => void this.messages.push({ from, message }),
      request: (from, body) => this.onRequest(from, body),
      snapshot: (from, message, meta, data) => this.onSnapshot(from, message, meta, data),
      peer: (id, state) => void this.#peerStates.push({ id, state }),
      mismatch: (theirs, reason, direction, _remote, by) => void this.mismatches.push({ theirs: theirs?.nodeId, reason, direction, by }),
      admit: hello => this.admits(hello),
      hello: () => this.#hello(),
    })
    this.address = address
  }

  peerStates(id: NodeId): string[] {
    return this.#peerStates.filter(event => event.id === id).map(event => event.state)
  }

  request({ id }: Endpoint, body: Uint8Array): Promise<Uint8Array> {
    return this.transport.request(id, body, { timeoutMs: 5_000 })
  }

  #hello(): Hello {
    return {
      clusterId: this.clusterId,
      nodeId: this.id,
      incarnation: `life of ${this.id}`,
      last: { term: 1, index: 2 },
      repairing: false,
      start: 's',
    }
  }
}

/** Lent: the memory of one is that of the next. */
async function* chunks(count: number, size: number): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(size)
  for (let i = 0; i < count; i++) yield memory.fill(i)
}

async function* breaking(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* data
  throw new Error('the source broke')
}

async function* unending(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* data
  await new Promise(() => {})
}

async function drain(data: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of data) {
    // only its end matters
  }
}
