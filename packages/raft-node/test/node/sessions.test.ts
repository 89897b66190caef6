import { noMembers } from 'raft-core'
import { describe, expect, test } from 'vitest'
import type { ApplyOptions } from '../../src/api.ts'
import { wrap } from '../../src/command-envelope.ts'
import type { SnapshotMeta } from '../../src/ports.ts'
import { ReplicatedState } from '../../src/replicated-state.ts'
import { Session } from '../../src/session.ts'
import { Sessions } from '../../src/sessions.ts'
import { unpackAll } from '../../src/tuples.ts'
import { Cluster } from './cluster.ts'
import { Register } from './register.ts'
import { VirtualClock } from './virtual-clock.ts'

const command = Register.command

describe('a session', () => {
  test('a command that is sent again is applied once, and answered as the first time, by whichever node', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    const session = await cluster.clock.outcome(n2!.node.sessions.open())
    const send = (member: typeof n1, serial: number, text: string, answered = 0) =>
      cluster.clock.outcome(member!.node.apply(command(text), { session: { id: session.id, serial, answered } }))
    const first = await send(n1, 1, 'a')
    expect(first.result).toBe('a is number 1')
    await cluster.set(n1!, 'between')
    for (const member of [n1, n2, n3]) expect(await send(member, 1, 'a')).toEqual(first)
    expect((await send(n3, 2, 'b')).result).toBe('b is number 3')
    expect(await cluster.get(n1!)).toEqual(['a', 'between', 'b'])
    await cluster.closeAll()
  })

  test('survives a change of leader, snapshots and restarts: it is part of the state', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    const { id } = await cluster.clock.outcome(n1!.node.sessions.open())
    const session = { id, serial: 1, answered: 0 }
    const first = await cluster.clock.outcome(n1!.node.apply(command('a'), { session }))
    for (const { node } of [n1!, n2!, n3!]) await cluster.clock.outcome(node.snapshot())
    for (const name of ['n1', 'n2', 'n3']) cluster.kill(name)
    for (const name of ['n1', 'n2', 'n3']) await cluster.start(name)
    const leader = await cluster.newLeader()
    expect(await cluster.clock.outcome(leader.node.apply(command('a'), { session }))).toEqual(first)
    expect(await cluster.get(leader)).toEqual(['a'])
    await cluster.closeAll()
  })

  test('ends when nothing comes from it, by log time; then a command is refused and its outcome unknown', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    const kept = await cluster.clock.outcome(n1!.node.sessions.open({ ttlMs: 2_000 }))
    const idle = await cluster.clock.outcome(n1!.node.sessions.open({ ttlMs: 2_000 }))
    await cluster.clock.outcome(idle.apply(command('a')))
    for (let second = 0; second < 5; second++) {
      await cluster.clock.run(1_000)
      await cluster.clock.outcome(kept.keepAlive())
    }
    const again = n2!.node.apply(command('a'), { session: { id: idle.id, serial: 1, answered: 0 } })
    await expect(cluster.clock.outcome(again)).rejects.toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown' })
    expect((await cluster.clock.outcome(kept.apply(command('b')))).result).toBe('b is number 2')
    expect(await cluster.get(n1!)).toEqual(['a', 'b'])
    await cluster.closeAll()
  })

  test('goes on by itself when the leader dies under it, and applies once', async () => {
    const cluster = new Cluster()
    const [, n2] = await cluster.found(3)
    await using session = await cluster.clock.outcome(n2!.node.sessions.open())
    const writes = Array.from({ length: 20 }, (_, i) => session.apply(command(`w${i}`), { timeoutMs: 20_000 }))
    await cluster.clock.run(5)
    cluster.kill('n1')
    const results = await cluster.clock.outcome(Promise.all(writes))
    expect(new Set(results.map(({ index }) => index)).size).toBe(20)
    expect([...(await cluster.get(n2!))].sort()).toEqual(Array.from({ length: 20 }, (_, i) => `w${i}`).sort())
    await cluster.clock.outcome(session.close())
    await cluster.closeAll()
  })

  test('a throw of the state machine is an answer like any other', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(2)
    const { id } = await cluster.clock.outcome(n1!.node.sessions.open())
    for (const member of [n1!, n2!]) {
      const call = member.node.apply(command('!no'), { session: { id, serial: 1, answered: 0 } })
      await expect(cluster.clock.outcome(call)).rejects.toMatchObject({ code: 'STATE_MACHINE' })
    }
    await cluster.closeAll()
  })

  test('numbers that make no sense are refused before they reach the log', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    const apply = (session: { id: number; serial: number; answered: number }) => n1!.node.apply(command('a'), { session })
    for (const session of [
      { id: -1, serial: 1, answered: 0 },
      { id: 1, serial: 0.5, answered: 0 },
      { id: 1, serial: 3, answered: 3 },
    ])
      await expect(apply(session)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', outcome: 'not-applied' })
    await expect(n1!.node.sessions.open({ ttlMs: 5 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await cluster.closeAll()
  })
})

describe('the table of sessions', () => {
  const answer = { index: 7, term: 1, result: new Uint8Array(3) }
  const sent = (serial: number, answered = 0) => ({ session: 5, serial, answered, command: new Uint8Array(0) })

  test('forgets answers that the client has got, and does not apply their commands again', () => {
    const sessions = new Sessions()
    sessions.open(5, 10_000, 0)
    for (const serial of [1, 2, 3]) {
      expect(sessions.judge(sent(serial)).type).toBe('apply')
      sessions.record(sent(serial), answer)
    }
    expect(sessions.judge(sent(4, 2)).type).toBe('apply')
    expect(sessions.judge(sent(2))).toMatchObject({ type: 'refuse', error: { code: 'ANSWER_FORGOTTEN', outcome: 'unknown' } })
    expect(sessions.judge(sent(3))).toEqual({ type: 'replay', answer })
  })

  test('a client that never says what it has got is refused at some point, with nothing applied', () => {
    const sessions = new Sessions()
    sessions.open(5, 10_000, 0)
    let serial = 0
    while (sessions.judge(sent(++serial)).type === 'apply') sessions.record(sent(serial), answer)
    expect(serial).toBe(1_001)
    expect(sessions.judge(sent(serial))).toMatchObject({ error: { code: 'OVERLOADED', outcome: 'not-applied' } })
    expect(sessions.judge(sent(serial, 500)).type).toBe('apply')
  })

  test('with answers of any length can be restored from a snapshot', async () => {
    const codec = { encode: (result: Uint8Array) => result, decode: (bytes: Uint8Array) => bytes }
    const machine = () => ({ apply: () => new Uint8Array(70 * 1024 * 1024), async *snapshot() {}, async restore() {} })
    const clock = { now: () => 0 }
    const state = new ReplicatedState(machine(), codec, clock)
    const entry = (index: number, data: Uint8Array) => ({ type: 'command' as const, term: 1, index, data })
    state.apply(entry(1, wrap({ type: 'openSession', ttlMs: 1_000 })))
    const once = wrap({ type: 'sessionCommand', session: 1, serial: 1, answered: 0, command: Uint8Array.of(1) })
    expect(state.apply(entry(2, once))).toMatchObject({ result: { length: 70 * 1024 * 1024 } })
    const restored = new ReplicatedState(machine(), codec, clock)
    const meta: SnapshotMeta = {
      index: 2,
      term: 1,
      membership: noMembers,
      membershipIndex: 1,
      members: [],
      chain: 0,
      size: 0,
      checksum: 0,
      hasNodePart: true,
    }
    await restored.restore(meta, state.snapshot())
    expect(restored.apply(entry(3, once))).toMatchObject({ error: { code: 'STATE_MACHINE', message: expect.stringContaining('too long') } })
  })

  test('takes as many commands at once as there may be', async () => {
    const given: (number | undefined)[] = []
    const node = {
      isClosing: false,
      sessions: {} as never,
      apply: async (_: Uint8Array, options?: ApplyOptions) => {
        given.push(options?.session?.answered)
        return options?.session?.serial === 1 ? { index: 1, term: 1, result: 'done' } : new Promise<never>(() => {})
      },
    }
    const session = new Session<string>(1, node, new VirtualClock())
    const first = session.apply(command('a'))
    for (let i = 0; i < 200_000; i++) session.apply(command('a')).catch(error => given.push(error))
    await first
    void session.apply(command('a'))
    expect(given.length).toBe(200_002)
    expect(new Set(given.slice(0, -1))).toEqual(new Set([0]))
    expect(given.at(-1)).toBe(1)
  })

  test('is the same once it was written and read', () => {
    const sessions = new Sessions()
    sessions.open(5, 10_000, 3)
    sessions.open(6, 20_000, 4)
    sessions.record(sent(1), answer)
    sessions.record(sent(2), { index: 8, term: 2, error: 'no' })
    const tuples = () => [...sessions.tuples()].map(tuple => Buffer.from(tuple).toString('hex'))
    const before = tuples()
    sessions.replace([...sessions.tuples()].flatMap(tuple => [...unpackAll(tuple)]))
    expect(tuples()).toEqual(before)
    sessions.pass(1)
    sessions.pass(10_001)
    expect(sessions.size).toBe(1)
  })
})
