import { describe, expect, test } from 'vitest'
import { wrap } from '../../src/command-envelope.ts'
import { RaftError } from '../../src/errors.ts'
import { RestoreSpool } from '../../src/restore-spool.ts'
import { unpackAll } from '../../src/tuples.ts'
import { Cluster, type Member } from './cluster.ts'
import { PersistentRegister, Register } from './register.ts'

const backup = (...texts: string[]) => bytes(JSON.stringify(texts))
async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}
/** Several pieces of the log. */
const long = (...texts: string[]) => backup('x'.repeat(1_500_000), ...texts)

/** Data that wait in the middle until they are told to go on. */
function gated(text: string): { readonly data: AsyncGenerator<Uint8Array>; go(): void } {
  let go = () => {}
  const gate = new Promise<void>(resolve => (go = resolve))
  async function* data() {
    yield new TextEncoder().encode(text.slice(0, 600_000))
    await gate
    yield new TextEncoder().encode(text.slice(600_000))
  }
  return { data: data(), go: () => go() }
}

const last = (member: Member) => member.register.applied.at(-1)

describe('a restore', () => {
  test('puts another state in the place of everything, on every member, through whichever', async () => {
    const cluster = new Cluster()
    const members = await cluster.found(3)
    const [n1, n2] = members
    for (const [at, through] of [n1!, n2!].entries()) {
      await cluster.set(n1!, 'old')
      const index = await cluster.clock.outcome(through.node.restore(long('a', `b${at}`)))
      expect(await cluster.set(n2!, 'after')).toBe('after is number 4')
      for (const member of members) expect((await cluster.get(member)).slice(1)).toEqual(['a', `b${at}`, 'after'])
      expect(n1!.node.applied).toBe(index + 1)
    }
    await cluster.closeAll()
  })

  test('leaves members and sessions alone, and what a session has had applied it does not get again', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    const { membershipIndex } = n1!.node.status()
    const { id } = await cluster.clock.outcome(n1!.node.sessions.open())
    const once = () => cluster.clock.outcome(n2!.node.apply(Register.command('once'), { session: { id, serial: 1, answered: 0 } }))
    const { index } = await once()
    await cluster.clock.outcome(n1!.node.restore(backup('a')))
    expect(await once()).toMatchObject({ index, result: 'once is number 1' })
    expect(await cluster.get(n1!)).toEqual(['a'])
    expect(n1!.node.status()).toMatchObject({ membershipIndex, membership: { voters: ['n1', 'n2', 'n3'] } })
    await cluster.closeAll()
  })

  test('is found again after a crash, and by who comes later, from the log or from a snapshot in the middle of it', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(2, { snapshotEntries: 2, trailingEntries: 0 })
    await cluster.set(n1!, 'old')
    const { data, go } = gated(JSON.stringify(['x'.repeat(1_500_000), 'a']))
    const restored = n1!.node.restore(data)
    await cluster.clock.run(500)
    await cluster.clock.outcome(n1!.node.snapshot())
    const n3 = await cluster.join('n3', n1!)
    await cluster.clock.until(() => n1!.node.status().membership.voters.length === 3)
    expect(n3.events.some(event => event.type === 'snapshot' && event.cause === 'installed')).toBe(true)
    cluster.kill('n2')
    const n2 = await cluster.start('n2')
    await cluster.clock.until(() => n2.node.applied > 0)
    expect(last(n1!)).toBe('old')
    go()
    await cluster.clock.outcome(restored)
    for (const member of [n1!, n2, n3]) expect((await cluster.get(member)).slice(1)).toEqual(['a'])
    for (const name of ['n1', 'n2', 'n3']) cluster.kill(name)
    const again = await Promise.all(['n1', 'n2', 'n3'].map(name => cluster.start(name)))
    await cluster.newLeader()
    for (const member of again) expect((await cluster.get(member)).slice(1)).toEqual(['a'])
    await cluster.closeAll()
  })

  test('of data that are none is refused everywhere, and the nodes go on with what they have', async () => {
    const cluster = new Cluster()
    const members = await cluster.found(3)
    await cluster.set(members[0]!, 'old')
    await expect(cluster.clock.outcome(members[1]!.node.restore(bytes('{')))).rejects.toMatchObject({ code: 'STATE_MACHINE' })
    for (const member of members) expect(await cluster.get(member)).toEqual(['old'])
    await cluster.closeAll()
  })

  test('of data that the state machine calls CORRUPT is an answer to the caller, and no node stops, nor at its next start', async () => {
    const cluster = new Cluster()
    const n1 = await cluster.start('n1', { bootstrap: true, stateMachine: new Checking() })
    await cluster.clock.outcome(n1.node.waitForLeader())
    const members = [n1]
    for (const name of ['n2', 'n3']) members.push(await cluster.join(name, n1, { stateMachine: new Checking() }))
    await cluster.set(members[0]!, 'old')
    const refused = { code: 'STATE_MACHINE', message: expect.stringContaining('ends too early') }
    await expect(cluster.clock.outcome(members[1]!.node.restore(bytes('["a"')))).rejects.toMatchObject(refused)
    expect(await cluster.set(members[2]!, 'after')).toBe('after is number 2')
    expect(members.map(({ node }) => node.status().fault)).toEqual([undefined, undefined, undefined])
    for (const name of ['n1', 'n2', 'n3']) cluster.kill(name)
    const machines = ['n1', 'n2', 'n3'].map(() => new Checking())
    const again = await Promise.all(machines.map((stateMachine, at) => cluster.start(`n${at + 1}`, { stateMachine })))
    await cluster.newLeader()
    await cluster.clock.outcome(Promise.all(again.map(({ node }) => node.read())))
    expect(machines.map(({ applied }) => applied)).toEqual(machines.map(() => ['old', 'after']))
    await cluster.closeAll()
  })

  test('that another one overtakes, or a new leader, changes nothing and says so', async () => {
    const cluster = new Cluster()
    const members = await cluster.found(3)
    const [n1, n2] = members
    await cluster.set(n1!, 'old')
    const refused = { code: 'LEADERSHIP_LOST', outcome: 'not-applied' }
    const first = gated(JSON.stringify(['x'.repeat(1_500_000), 'first']))
    const overtaken = n1!.node.restore(first.data)
    overtaken.catch(() => {})
    await cluster.clock.run(500)
    const second = gated(JSON.stringify(['x'.repeat(1_500_000), 'second']))
    const cut = n2!.node.restore(second.data)
    cut.catch(() => {})
    await cluster.clock.run(500)
    first.go()
    await expect(cluster.clock.outcome(overtaken)).rejects.toMatchObject(refused)
    await cluster.clock.outcome(n1!.node.transferLeadership({ target: 'n3' }))
    second.go()
    await expect(cluster.clock.outcome(cut)).rejects.toMatchObject(refused)
    for (const member of members) expect(await cluster.get(member)).toEqual(['old'])
    await cluster.closeAll()
  })

  test('is durable in a store of its own, and not put in again after a start', async () => {
    const cluster = new Cluster()
    const store = PersistentRegister.store()
    const n1 = await cluster.start('n1', { bootstrap: true, stateMachine: new PersistentRegister(store) })
    await cluster.clock.outcome(n1.node.waitForLeader())
    await cluster.set(n1, 'old')
    const index = await cluster.clock.outcome(n1.node.restore(backup('a')))
    expect(store).toEqual({ applied: ['a'], index })
    await cluster.set(n1, 'after')
    cluster.kill('n1')
    const machine = new PersistentRegister(store)
    const again = await cluster.start('n1', { stateMachine: machine })
    await cluster.clock.outcome(again.node.barrier())
    expect([machine.applied, machine.restores]).toEqual([['a', 'after'], 0])
    await cluster.closeAll()
  })

  test('that its caller gives up is not applied', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    const controller = new AbortController()
    const { data, go } = gated(JSON.stringify(['x'.repeat(1_500_000)]))
    const given = n1!.node.restore(data, { signal: controller.signal })
    given.catch(() => {})
    await cluster.clock.run(100)
    controller.abort()
    go()
    await expect(cluster.clock.outcome(given)).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' })
    await expect(cluster.clock.outcome(n1!.node.restore(broken(0)))).rejects.toThrow('the source is gone')
    expect(await cluster.get(n1!)).toEqual([])
    await cluster.closeAll()
  })

  test('that ends halfway stays in nobody’s memory and snapshots', async () => {
    const cluster = new Cluster()
    const members = await cluster.found(3)
    const [, n2] = members
    const areHeld = async () => {
      await cluster.set(n2!, 'more')
      await Promise.all(members.map(member => cluster.get(member)))
      await cluster.clock.outcome(Promise.all(members.map(({ node }) => node.snapshot())))
      return members.map(({ disk }) => disk.snapshots.at(-1)!.meta.size > 500_000)
    }
    const controller = new AbortController()
    const { data, go } = gated(JSON.stringify(['x'.repeat(1_500_000)]))
    const givenUp = n2!.node.restore(data, { signal: controller.signal })
    givenUp.catch(() => {})
    await cluster.clock.run(500)
    expect(await areHeld()).toEqual([true, true, true])
    controller.abort()
    go()
    await expect(cluster.clock.outcome(givenUp)).rejects.toMatchObject({ code: 'ABORTED' })
    await cluster.clock.run(500)
    expect(await areHeld()).toEqual([false, false, false])
    await expect(cluster.clock.outcome(n2!.node.restore(broken(1_500_000)))).rejects.toThrow('the source is gone')
    await cluster.clock.run(500)
    expect(await areHeld()).toEqual([false, false, false])
    await cluster.closeAll()
  })
})

/** Names data that are none by their code, as the store of the server does. */
class Checking extends Register {
  override async restore(data: AsyncIterable<Uint8Array>): Promise<void> {
    await super.restore(data).catch(cause => {
      throw new RaftError('CORRUPT', 'the backup ends too early', { cause })
    })
  }
}

async function* broken(bytesBefore: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(bytesBefore)
  throw new Error('the source is gone')
}

test('pieces are taken once and in order, in the term of their restore, and kept in snapshots', () => {
  const piece = (place: number) => ({ type: 'restoreData', restore: 5, place, data: wrap({ type: 'restoreBegin' }) }) as const
  const spool = new RestoreSpool()
  spool.begin({ index: 5, term: 2 })
  expect(spool.add(piece(0), { index: 6, term: 2 })).toBeUndefined()
  expect(spool.add(piece(0), { index: 7, term: 2 })).toMatchObject({ code: 'LEADERSHIP_LOST' })
  const copy = new RestoreSpool()
  copy.replace([...spool.tuples()].flatMap(tuple => unpackAll(tuple)))
  expect(copy.add(piece(1), { index: 8, term: 2 })).toBeUndefined()
  expect(copy.take({ type: 'restoreCommit', restore: 5, count: 2 }, { index: 9, term: 2 })).toHaveLength(2)
  expect(copy.take({ type: 'restoreCommit', restore: 5, count: 2 }, { index: 10, term: 2 })).toMatchObject({ outcome: 'not-applied' })
  expect(spool.take({ type: 'restoreCommit', restore: 5, count: 1 }, { index: 9, term: 3 })).toMatchObject({ code: 'LEADERSHIP_LOST' })
})
