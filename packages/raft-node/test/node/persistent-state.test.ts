import { describe, expect, test } from 'vitest'
import { Cluster, type Member } from './cluster.ts'
import { PersistentRegister, Register } from './register.ts'

/** Three nodes; the stores of their state machines outlive them. */
class Persistent {
  readonly cluster = new Cluster()
  readonly stores = new Map<string, ReturnType<typeof PersistentRegister.store>>()
  readonly every: number

  constructor(every = 1) {
    this.every = every
  }

  machine(name: string): PersistentRegister {
    const store = this.stores.get(name) ?? PersistentRegister.store()
    this.stores.set(name, store)
    return new PersistentRegister(store, this.every)
  }

  async found(count: number): Promise<Member[]> {
    const n1 = await this.cluster.start('n1', { bootstrap: true, stateMachine: this.machine('n1') })
    await this.cluster.clock.outcome(n1.node.waitForLeader())
    for (let number = 2; number <= count; number++) {
      await this.cluster.join(`n${number}`, n1, { stateMachine: this.machine(`n${number}`) })
    }
    await this.cluster.clock.until(() => n1.node.status().membership.voters.length === count)
    return [...this.cluster.members.values()]
  }

  async restart(
    name: string,
    options: { readonly snapshotEntries?: number } = {},
  ): Promise<{ readonly member: Member; readonly machine: PersistentRegister }> {
    const machine = this.machine(name)
    return { machine, member: await this.cluster.start(name, { ...options, stateMachine: machine }) }
  }
}

const texts = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `w${from + at}`)

describe('a state machine with a store of its own', () => {
  test.each([1, 4])('is not given again what that holds, when it is written after every %i commands', async every => {
    const world = new Persistent(every)
    const { cluster } = world
    const [n1] = await world.found(3)
    for (const text of texts(10)) await cluster.set(n1!, text)
    const store = world.stores.get('n2')!
    cluster.kill('n2')
    for (const text of texts(5, 10)) await cluster.set(n1!, text)
    const { index, applied } = store
    const { member, machine } = await world.restart('n2')
    await cluster.clock.outcome(member.node.barrier())
    expect(machine.applied).toEqual(texts(15))
    expect(Math.min(...machine.given)).toBeGreaterThan(index)
    expect(machine.given.length).toBe(15 - applied.length)
    await cluster.closeAll()
  })

  test('ahead of the commit index that its node has saved: nothing is applied twice, and nothing left out', async () => {
    const world = new Persistent()
    const { cluster } = world
    const [n1] = await world.found(1)
    for (const text of texts(5)) await cluster.set(n1!, text)
    cluster.kill('n1')
    // A commit index has no flush of its own: after a power cut an earlier one may be found.
    n1!.disk.hardState = { ...n1!.disk.hardState, commit: n1!.disk.hardState.commit - 3 }
    const { member, machine } = await world.restart('n1')
    await cluster.clock.outcome(member.node.waitForLeader())
    await cluster.set(member, 'after')
    expect(machine.applied).toEqual([...texts(5), 'after'])
    expect(machine.given.length).toBe(1)
    await cluster.closeAll()
  })

  test('restores a snapshot only where that is newer', async () => {
    const world = new Persistent(100)
    const { cluster } = world
    const [n1] = await world.found(1)
    for (const text of texts(5)) await cluster.set(n1!, text)
    await cluster.clock.outcome(n1!.node.snapshot())
    await cluster.set(n1!, 'more')
    cluster.kill('n1')
    const first = await world.restart('n1')
    await cluster.clock.outcome(first.member.node.barrier())
    expect([first.machine.restores, first.machine.applied]).toEqual([1, [...texts(5), 'more']])
    expect(first.machine.memberships.length).toBe(1)
    cluster.kill('n1')
    const second = await world.restart('n1')
    await cluster.clock.outcome(second.member.node.barrier())
    expect([second.machine.restores, second.machine.applied]).toEqual([0, [...texts(5), 'more']])
    await cluster.closeAll()
  })

  test('that the log does not reach has its log filled again; a new folder does not take it', async () => {
    const world = new Persistent()
    const { cluster } = world
    const [n1, n2] = await world.found(3)
    for (const text of texts(5)) await cluster.set(n1!, text)
    await cluster.clock.outcome(n2!.node.barrier())
    cluster.kill('n2')
    n2!.disk.entries = n2!.disk.entries.slice(0, -3)
    n2!.disk.hardState = { ...n2!.disk.hardState, commit: n2!.disk.entries.length }
    const { index } = world.stores.get('n2')!
    const { member, machine } = await world.restart('n2', { snapshotEntries: 1 })
    expect(member.node.status().repairs).toContain('the state machine is at index')
    await cluster.set(n1!, 'after')
    await cluster.clock.until(() => member.node.status().repairs === undefined)
    await cluster.clock.outcome(member.node.barrier())
    expect(machine.applied).toEqual([...texts(5), 'after'])
    // None was taken of a state that its index does not say.
    const taken = member.events.flatMap(event => (event.type === 'snapshot' && event.cause === 'taken' ? [event.index] : []))
    expect(taken.length).toBeGreaterThan(0)
    expect(Math.min(...taken)).toBeGreaterThanOrEqual(index)

    cluster.kill('n3')
    cluster.wipe('n3')
    const join = cluster.join('n3', n1!, { stateMachine: world.machine('n3'), replace: true })
    await expect(join).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await cluster.closeAll()
  })

  test('has each command of a session once, though its answer is lost', async () => {
    const world = new Persistent()
    const { cluster } = world
    const [n1] = await world.found(1)
    const { id } = await cluster.clock.outcome(n1!.node.sessions.open())
    const session = { id, serial: 1, answered: 0 }
    const once = (member: Member) => cluster.clock.outcome(member.node.apply(Register.command('once'), { session }))
    const { index } = await once(n1!)
    cluster.kill('n1')
    const { member, machine } = await world.restart('n1')
    await cluster.clock.outcome(member.node.waitForLeader())
    await cluster.clock.outcome(member.node.snapshot())
    for (let time = 0; time < 2; time++) {
      await expect(once(member)).rejects.toMatchObject({ code: 'ANSWER_FORGOTTEN', outcome: 'unknown' })
      await expect(once(member)).rejects.toThrow(`at index ${index}`)
    }
    expect(machine.applied).toEqual(['once'])
    await cluster.closeAll()
  })
})

test('a state machine hears of every membership once, with what it holds at that index', async () => {
  const world = new Persistent()
  const { cluster } = world
  const [n1] = await world.found(2)
  const heard = cluster.members.size
  await cluster.set(n1!, 'a')
  await cluster.clock.outcome(n1!.node.membership.demote('n2'))
  cluster.kill('n2')
  await cluster.clock.outcome(n1!.node.membership.remove('n2'))
  const machine = world.machine('n3')
  await cluster.join('n3', n1!, { stateMachine: machine })
  await cluster.clock.until(() => n1!.node.status().membership.voters.length === 2)
  await cluster.clock.outcome(cluster.member('n3').node.barrier())
  const { membershipIndex } = n1!.node.status()
  expect(heard).toBe(2)
  expect(machine.memberships.at(-1)).toBe(membershipIndex)
  expect(machine.memberships).toEqual([...new Set(machine.memberships)].sort((a, b) => a - b))
  await cluster.closeAll()
})
