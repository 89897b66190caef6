import { describe, expect, test } from 'vitest'
import { Cluster, type Member } from './cluster.ts'
import { Register } from './register.ts'

describe('a cluster of one', () => {
  test('writes, reads, and finds everything again after a crash', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    expect(await cluster.set(n1!, 'a')).toBe('a is number 1')
    expect(await cluster.set(n1!, 'b')).toBe('b is number 2')
    expect(await cluster.get(n1!)).toEqual(['a', 'b'])

    cluster.kill('n1')
    const again = await cluster.start('n1')
    await cluster.clock.outcome(again.node.waitForLeader())
    expect(await cluster.get(again)).toEqual(['a', 'b'])
    await cluster.closeAll()
  })
})

describe('a cluster of three', () => {
  test('members join through any node and end as voters; everybody writes and reads', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(2)
    const n3 = await cluster.join('n3', n2!)
    await cluster.clock.until(() => n3.node.status().membership.voters.length === 3)
    for (const [at, member] of [n1!, n2!, n3].entries()) expect(await cluster.set(member, `w${at}`)).toBe(`w${at} is number ${at + 1}`)
    for (const member of [n1!, n2!, n3]) expect(await cluster.get(member)).toEqual(['w0', 'w1', 'w2'])
    expect(n3.node.status().members.map(({ id, address, voter }) => ({ id, address, voter }))).toEqual([
      { id: 'n1', address: 'n1:1', voter: true },
      { id: 'n2', address: 'n2:1', voter: true },
      { id: 'n3', address: 'n3:1', voter: true },
    ])
    await cluster.closeAll()
  })

  test('a killed leader costs nothing that was acknowledged, and comes back', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    for (let i = 0; i < 10; i++) await cluster.set(n1!, `w${i}`)
    const before = cluster.clock.now()
    cluster.kill('n1')
    const next = await cluster.newLeader()
    expect(cluster.clock.now() - before).toBeLessThan(500) // fast failover: the connection was refused
    await cluster.set(next, 'after')
    const back = await cluster.start('n1')
    await cluster.clock.until(() => back.register.applied.length === 11)
    expect(await cluster.get(back)).toEqual([...Array.from({ length: 10 }, (_, i) => `w${i}`), 'after'])
    await cluster.closeAll()
  })

  test.each([1, 2, 3, 4, 5, 6])(
    'without either follower a write takes hardly longer, whichever of them was to be enough (seed %s)',
    async seed => {
      for (const lost of ['n2', 'n3']) {
        const cluster = new Cluster(seed)
        const [n1] = await cluster.found(3)
        for (let i = 0; i < 20; i++) await cluster.set(n1!, `w${i}`)
        cluster.network.cut('n1:1', `${lost}:1`)
        const before = cluster.clock.now()
        for (let i = 0; i < 20; i++) await cluster.set(n1!, `x${i}`)
        expect(cluster.clock.now() - before).toBeLessThan(130) // 100 with both, 200 if each waited for whom nobody hears
        for (let i = 0; i < 5; i++) {
          await cluster.clock.run(200)
          const since = cluster.clock.now()
          await cluster.set(n1!, `y${i}`)
          expect(cluster.clock.now() - since).toBeLessThan(i === 0 ? 15 : 10) // who answers is known by now
        }
        cluster.network.heal()
        await cluster.clock.until(() => cluster.member(lost).register.applied.length === 45)
        await cluster.closeAll()
      }
    },
  )

  test('whoever has more of the log asks for votes as soon as a follower does that cannot win', async () => {
    const gaps: number[] = []
    for (let seed = 1; seed <= 12; seed++) {
      const cluster = new Cluster(seed)
      const [n1, n2, n3] = await cluster.found(3)
      cluster.network.cut('n1:1', 'n3:1')
      await cluster.set(n1!, 'a') // n3 does not have it
      const asked = new Map<Member, number>()
      for (const member of [n2!, n3!])
        member.node.on('role', ({ role }) => role === 'preCandidate' && !asked.has(member) && asked.set(member, cluster.clock.now()))
      cluster.kill('n1')
      await cluster.newLeader()
      const [of2, of3] = [asked.get(n2!), asked.get(n3!)]
      if (of2 !== undefined && of3 !== undefined && of3 < of2) gaps.push(of2 - of3)
      await cluster.closeAll()
    }
    expect(gaps.length).toBeGreaterThan(2)
    expect(Math.max(...gaps)).toBeLessThan(3)
  })

  test('when all were killed, the first two that are back wait for no election timeout', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    await cluster.set(n1!, 'a')
    for (const name of ['n1', 'n2', 'n3']) cluster.kill(name)
    await cluster.start('n3')
    await cluster.clock.run(5_000)
    expect(cluster.member('n3').node.status().role).not.toBe('leader')
    const before = cluster.clock.now()
    await cluster.start('n2')
    const leader = await cluster.newLeader()
    expect(cluster.clock.now() - before).toBeLessThan(100 + 3 * 50 + 50) // a tick, three tries, and what messages take
    expect(await cluster.get(leader)).toEqual(['a'])
    await cluster.closeAll()
  })

  test('a member that is back does not disturb a leader', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    const { term } = n1!.node.status()
    const changes = () => [n1!, n2!].flatMap(({ events }) => events.filter(({ type }) => type === 'role')).length
    const before = changes()
    for (let i = 0; i < 20; i++) {
      cluster.kill('n3')
      await cluster.clock.run(i * 10)
      await cluster.start('n3')
      await cluster.clock.run(400)
    }
    expect([changes(), n1!.node.status().role, n1!.node.status().term]).toEqual([before, 'leader', term])
    await cluster.closeAll()
  })

  test('whom the leader hears from is active at every moment; who has gone silent is not', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    const seen = new Set<string>()
    const active = () => n1!.node.status().members.flatMap(member => (member.active ? [member.id] : []))
    for (let i = 0; i < 300; i++) {
      await cluster.clock.run(10)
      seen.add(active().join())
    }
    expect([...seen]).toEqual(['n1,n2,n3'])
    cluster.kill('n3')
    await cluster.clock.run(1_100)
    expect(active()).toEqual(['n1', 'n2'])
    await cluster.closeAll()
  })

  test('a throw of the state machine rejects its caller and nobody else', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    for (const member of [n1!, n2!]) await expect(cluster.set(member, '!no')).rejects.toMatchObject({ code: 'STATE_MACHINE' })
    expect(await cluster.set(n2!, 'yes')).toBe('yes is number 1')
    await cluster.closeAll()
  })

  test('many proposals of one turn share one save and one message per follower', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    await cluster.clock.run(500)
    n1!.disk.saves.length = 0
    const writes = Array.from({ length: 100 }, (_, i) => n1!.node.apply(Register.command(`w${i}`)))
    await cluster.clock.outcome(Promise.all(writes))
    const batches = n1!.disk.saves.filter(({ entries }) => entries.length > 0)
    expect(batches.map(({ entries }) => entries.length)).toEqual([100])
    await cluster.closeAll()
  })
})
