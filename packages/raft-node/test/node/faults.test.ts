import { describe, expect, test } from 'vitest'
import { RaftError } from '../../src/errors.ts'
import { Cluster } from './cluster.ts'
import { Register } from './register.ts'

const write = (text: string) => Register.command(text)

test('a snapshot without its data, or a proposal that nobody has looked at, is not taken from whoever sends it', async () => {
  const cluster = new Cluster()
  const [n1, n2] = await cluster.found(3)
  await cluster.set(n1!, 'a')
  const { term, last, membership } = n1!.node.status()
  const faulty = cluster.network.at('n3:1')!
  const snapshot = { term, index: last.index + 5, membership, data: new Uint8Array(0) }
  faulty.send({ type: 'installSnapshot', from: 'n3', to: 'n2', term, session: 0, snapshot })
  const entry = { term: 0, index: 0, type: 'command', data: write('smuggled') } as const
  faulty.send({ type: 'propose', from: 'n3', to: 'n1', term: 0, entries: [entry] })
  await cluster.clock.run(500)
  expect([n1, n2].map(member => member!.node.status().fault)).toEqual([undefined, undefined])
  expect(await cluster.get(n2!)).toEqual(['a'])
  await cluster.closeAll()
})

describe('callers', () => {
  test('without a majority a write is unknown after its time, and a read is not', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    cluster.kill('n2')
    cluster.kill('n3')
    void n2
    void n3
    await expect(cluster.clock.outcome(n1!.node.apply(write('a'), { timeoutMs: 300 }))).rejects.toMatchObject({
      code: 'TIMED_OUT',
      outcome: 'unknown',
    })
    await expect(cluster.clock.outcome(n1!.node.read({ timeoutMs: 300 }))).rejects.toMatchObject({ outcome: 'not-applied' })
    await cluster.clock.run(5_000)
    await expect(cluster.clock.outcome(n1!.node.apply(write('b'), { timeoutMs: 300 }))).rejects.toMatchObject({
      code: 'NO_LEADER',
      outcome: 'not-applied',
    })
    expect(await n1!.node.read({ consistency: 'stale' })).toBeGreaterThan(0)
    await cluster.closeAll()
  })

  test('a caller may give up; the write goes on', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    const controller = new AbortController()
    const gaveUp = n1!.node.apply(write('a'), { signal: controller.signal })
    controller.abort()
    await expect(cluster.clock.outcome(gaveUp)).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
    expect(await cluster.get(n1!)).toEqual(['a'])
    await expect(cluster.clock.outcome(n1!.node.apply(write('b'), { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'ABORTED',
      outcome: 'not-applied',
    })
    await cluster.closeAll()
  })

  test('without forwarding a follower names the leader', async () => {
    const cluster = new Cluster()
    const [, n2] = await cluster.found(3, { clientAddress: 'web:80' })
    await expect(cluster.clock.outcome(n2!.node.apply(write('a'), { forward: false }))).rejects.toMatchObject({
      code: 'NOT_LEADER',
      outcome: 'not-applied',
      leader: { id: 'n1', address: 'n1:1', clientAddress: 'web:80' },
    })
    await cluster.closeAll()
  })

  test('a forwarded write whose answer is lost is unknown, and never sent again', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    const write1 = n2!.node.apply(write('a'), { timeoutMs: 4_000 })
    await cluster.clock.run(2)
    cluster.network.cut('n1:1', 'n2:1')
    await expect(cluster.clock.outcome(write1)).rejects.toMatchObject({ outcome: 'unknown' })
    cluster.network.heal()
    await cluster.clock.run(3_000)
    expect((await cluster.get(n1!)).filter(text => text === 'a').length).toBeLessThanOrEqual(1)
    await cluster.closeAll()
  })

  test('a forwarded write whose answer cannot be encoded is unknown: it was applied', async () => {
    const cluster = new Cluster()
    const resultCodec = { ...Register.codec, encode: () => expect.unreachable('no bytes for this') }
    const [n1, n2] = await cluster.found(2, { resultCodec })
    await expect(cluster.set(n2!, 'a')).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
    expect(n1!.register.applied).toEqual(['a'])
    await cluster.closeAll()
  })

  test('a forwarded write whose answer cannot be decoded is unknown, too', async () => {
    const cluster = new Cluster()
    const resultCodec = { ...Register.codec, decode: () => expect.unreachable('bytes that mean nothing') }
    const [n1, n2] = await cluster.found(2, { resultCodec })
    await expect(cluster.set(n2!, 'a')).rejects.toMatchObject({ code: 'STATE_MACHINE', outcome: 'unknown' })
    expect(n1!.register.applied).toEqual(['a'])
    await cluster.closeAll()
  })

  test('a write that a failing node has begun is unknown, whatever has made it fail', async () => {
    const cluster = new Cluster()
    const n1 = await cluster.start('n1', { bootstrap: true, stateMachine: new WithoutRoom() })
    await cluster.clock.outcome(n1.node.waitForLeader())
    const restored = n1.node.restore(backup())
    await expect(cluster.clock.outcome(restored)).rejects.toMatchObject({ code: 'DISK_FULL', outcome: 'unknown' })
    await expect(cluster.clock.outcome(n1.node.apply(write('a')))).rejects.toMatchObject({ code: 'DISK_FULL', outcome: 'not-applied' })
    await cluster.closeAll()
  })

  test('an entry that another leader replaced was not applied', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    for (const other of ['n2:1', 'n3:1']) cluster.network.cut('n1:1', other)
    const doomed = n1!.node.apply(write('doomed'), { timeoutMs: 30_000 })
    doomed.catch(() => {})
    await cluster.clock.until(() => n2!.node.status().role === 'leader' || n3!.node.status().role === 'leader')
    const next = n2!.node.status().role === 'leader' ? n2! : n3!
    expect(await cluster.set(next, 'kept')).toBe('kept is number 1')
    cluster.network.heal()
    await expect(cluster.clock.outcome(doomed)).rejects.toMatchObject({ code: 'ENTRY_REPLACED', outcome: 'not-applied' })
    expect(await cluster.get(n1!)).toEqual(['kept'])
    await cluster.closeAll()
  })

  test('a leader that was cut off does not answer reads with what it had', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    await cluster.set(n1!, 'old')
    for (const other of ['n2:1', 'n3:1']) cluster.network.cut('n1:1', other)
    await cluster.clock.until(() => n2!.node.status().role === 'leader' || n3!.node.status().role === 'leader')
    await cluster.set(n2!, 'new')
    const read = n1!.node.read({ timeoutMs: 30_000 })
    await cluster.clock.run(200)
    cluster.network.heal()
    await cluster.clock.outcome(read)
    expect(n1!.register.applied).toEqual(['old', 'new'])
    await cluster.closeAll()
  })

  test('a barrier goes through the log, and waits until this node has it', async () => {
    const cluster = new Cluster()
    const [n1, , n3] = await cluster.found(3)
    await cluster.set(n1!, 'a')
    const index = await cluster.clock.outcome(n3!.node.barrier())
    expect(n3!.node.status().applied).toBeGreaterThanOrEqual(index)
    expect(n3!.register.applied).toEqual(['a'])
    await cluster.closeAll()
  })
})

describe('snapshots', () => {
  test('are taken every so many entries, shorten the log, and bring back who was away', async () => {
    const cluster = new Cluster()
    const options = { snapshotEntries: 10, trailingEntries: 2 }
    const [n1] = await cluster.found(3, options)
    cluster.kill('n3')
    for (let i = 0; i < 45; i++) await cluster.set(n1!, `w${i}`)
    await cluster.clock.run(200)
    expect(n1!.disk.snapshots.length).toBe(2)
    expect(n1!.node.status().first).toBeGreaterThan(30)
    expect(n1!.disk.entries.length).toBeLessThan(35)

    const n3 = await cluster.start('n3', options)
    await cluster.clock.until(() => n3.register.applied.length === 45)
    expect(n3.events.some(event => event.type === 'snapshot' && event.cause === 'installed')).toBe(true)
    expect(await cluster.set(n3, 'last')).toBe('last is number 46')

    for (const name of ['n1', 'n2', 'n3']) cluster.kill(name)
    for (const name of ['n1', 'n2', 'n3']) await cluster.start(name, options)
    const next = await cluster.newLeader()
    expect((await cluster.get(next)).length).toBe(46)
    await cluster.closeAll()
  })

  test('the newest cannot be read: the one before it and the log after that do', async () => {
    const cluster = new Cluster()
    const options = { snapshotEntries: 10, trailingEntries: 0 }
    const [n1] = await cluster.found(1, options)
    for (let i = 0; i < 33; i++) await cluster.set(n1!, `w${i}`)
    await cluster.clock.run(100)
    cluster.kill('n1')
    const disk = cluster.disks.get('n1')!
    const newest = Math.max(...disk.snapshots.map(({ meta }) => meta.index))
    disk.snapshots = disk.snapshots.map(held => (held.meta.index === newest ? { ...held, chunks: [Uint8Array.of(1)] } : held))
    const again = await cluster.start('n1', options)
    await cluster.clock.outcome(again.node.waitForLeader())
    expect((await cluster.get(again)).length).toBe(33)
    await cluster.closeAll()
  })

  test('one on demand', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    await cluster.set(n1!, 'a')
    const index = await cluster.clock.outcome(n1!.node.snapshot())
    expect(n1!.node.status().snapshotIndex).toBe(index)
    expect(await cluster.clock.outcome(n1!.node.snapshot())).toBe(index)
    await cluster.closeAll()
  })
})

describe('disks', () => {
  test('a failed save stops the node at once; nothing is acknowledged, and the others go on', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    n1!.disk.mode = 'fails'
    await expect(cluster.set(n1!, 'a')).rejects.toMatchObject({ code: 'STORAGE_FAILED', outcome: 'unknown' })
    expect(n1!.node.status().fault).toMatchObject({ code: 'STORAGE_FAILED' })
    await expect(n1!.node.read()).rejects.toMatchObject({ code: 'STORAGE_FAILED', outcome: 'not-applied' })
    await cluster.clock.outcome(n1!.node.close())
    cluster.members.delete('n1')
    const next = await cluster.newLeader()
    await cluster.set(next, 'b')
    await cluster.closeAll()
  })
})

describe('a disk that hangs', () => {
  test('costs its node the leadership, not the cluster its writes', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    n1!.disk.mode = 'hangs'
    n1!.node.apply(write('a'), { timeoutMs: 10_000 }).catch(() => {})
    await cluster.clock.until(() => n1!.node.status().role !== 'leader', 3_000)
    const next = await cluster.newLeader()
    expect(next.name).not.toBe('n1')
    expect(await cluster.set(n2!, 'b')).toMatch(/^b is number/)
    await cluster.closeAll()
  })
})

describe('leaving', () => {
  test('a closing leader hands over; the cluster hardly notices', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    const before = cluster.clock.now()
    await cluster.clock.outcome(n1!.node.close())
    expect(cluster.clock.now() - before).toBeLessThan(500)
    cluster.members.delete('n1')
    expect(cluster.leader().name).toMatch(/n2|n3/)
    expect(await cluster.set(n2!, 'a')).toBe('a is number 1')
    await expect(n1!.node.apply(write('b'))).rejects.toMatchObject({ code: 'NODE_STOPPED', outcome: 'not-applied' })
    await cluster.closeAll()
  })

  test('told to hand over, a leader ends only when another takes over, which waits for no timeout and asks for no pre-votes', async () => {
    const { cluster, happened, withoutLeaderMs } = await leaderCloses({ transfer: true })
    expect(happened[0]).toBe('candidate')
    expect(happened.filter(what => what !== 'closed')).toEqual(['candidate', 'leader'])
    expect(withoutLeaderMs).toBeLessThan(100) // a tick, of which an election timeout takes ten
    await cluster.closeAll()
  })

  test('told not to, it ends while nobody takes over: the others have to find out that it is gone', async () => {
    const { cluster, happened } = await leaderCloses({ transfer: false })
    expect(happened.slice(0, 2)).toEqual(['closed', 'preCandidate'])
    expect(happened).toContain('leader')
    await cluster.closeAll()
  })

  test('leadership does not go to a node that is closing too', async () => {
    const cluster = new Cluster()
    cluster.clock.remembersOrigins = true
    await cluster.found(3)
    const before = cluster.clock.now()
    await cluster.closeAll()
    expect(cluster.clock.now() - before).toBeLessThan(1_000)
    expect(cluster.clock.pending.filter(from => !from.includes('memory-network'))).toEqual([])
  })

  test('what is under way when a node closes is answered', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    const writes = [n1!, n2!].map(({ node }, at) => node.apply(write(`w${at}`)))
    const closed = n1!.node.close()
    await cluster.clock.outcome(Promise.all(writes))
    await cluster.clock.outcome(closed)
    cluster.members.delete('n1')
    await cluster.closeAll()
  })

  test('closing twice is closing once, and a disk that hangs does not hold it up', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    n1!.disk.mode = 'hangs'
    const stuck = n1!.node.apply(write('a'))
    const closed = n1!.node.close()
    expect(n1!.node.close()).toBe(closed)
    await expect(cluster.clock.outcome(stuck)).rejects.toMatchObject({ code: 'NODE_STOPPED', outcome: 'unknown' })
    await cluster.clock.outcome(closed, 2_000)
  })

  test('who waits for a snapshot hears that the node stops, also from a disk that hangs with the log', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1, { trailingEntries: 0 })
    for (const value of ['a', 'b']) {
      await cluster.set(n1!, value)
      await cluster.clock.outcome(n1!.node.snapshot())
    }
    await cluster.set(n1!, 'c')
    n1!.disk.mode = 'hangs'
    const snapshot = n1!.node.snapshot({ timeoutMs: 60_000 })
    const taken = () => n1!.events.filter(event => event.type === 'snapshot').length
    await cluster.clock.until(() => taken() === 3) // what is left is to shorten the log
    const heard = expect(cluster.clock.outcome(snapshot)).rejects.toMatchObject({ code: 'NODE_STOPPED' })
    await cluster.clock.outcome(n1!.node.close(), 2_000)
    await heard
  })

  test('leadership moves where it is told to, from any member', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    expect(await cluster.clock.outcome(n1!.node.transferLeadership({ target: 'n3' }))).toBe('n3')
    expect(await cluster.clock.outcome(n2!.node.transferLeadership())).toBe('n2')
    expect(await cluster.clock.outcome(n2!.node.transferLeadership())).toMatch(/n1|n3/)
    void n3
    await cluster.closeAll()
  })
})

/** The leader of three closes, and another one leads: what happened in between, which is its end and all roles of others but followers. */
async function leaderCloses(options: { readonly transfer: boolean }) {
  const cluster = new Cluster()
  const [n1, ...others] = await cluster.found(3)
  const happened: string[] = []
  for (const { node } of others) node.on('role', ({ role }) => role !== 'follower' && happened.push(role))
  const before = cluster.clock.now()
  await cluster.clock.outcome(n1!.node.close(options).then(() => happened.push('closed')))
  cluster.members.delete('n1')
  await cluster.newLeader()
  return { cluster, happened, withoutLeaderMs: cluster.clock.now() - before }
}

/** At its start it has still had some. */
class WithoutRoom extends Register {
  override async restore(data: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.restores === 0) return super.restore(data)
    throw new RaftError('DISK_FULL', 'its own disk has no room')
  }
}

async function* backup(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('["a"]')
}
