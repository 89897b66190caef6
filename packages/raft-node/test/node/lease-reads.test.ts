import { expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

const byLease = { consistency: 'lease', timeoutMs: 30_000 } as const

async function withLeases() {
  const cluster = new Cluster()
  const [n1, n2, n3] = await cluster.found(3)
  await cluster.clock.outcome(n2!.node.membership.leaseReads(true))
  await cluster.clock.until(() => [n1, n2, n3].every(member => member!.node.status().membership.leaseReads === true))
  await cluster.clock.run(300) // a round of heartbeats, and its answers
  return { cluster, n1: n1!, n2: n2!, n3: n3! }
}

test('without the setting a read by lease asks a quorum', async () => {
  const cluster = new Cluster()
  const [n1] = await cluster.found(3)
  await cluster.set(n1!, 'a')
  for (const other of ['n2:1', 'n3:1']) cluster.network.cut('n1:1', other)
  let answered = false
  n1!.node.read(byLease).then(
    () => (answered = true),
    () => {},
  )
  await cluster.clock.run(500)
  expect(answered).toBe(false)
  cluster.network.heal()
  await cluster.closeAll()
})

test('a leader answers by itself while its lease lasts, and asks a quorum afterwards', async () => {
  const { cluster, n1, n2, n3 } = await withLeases()
  await cluster.set(n1, 'old')
  for (const other of ['n2:1', 'n3:1']) cluster.network.cut('n1:1', other)
  const began = cluster.clock.now()
  await cluster.clock.outcome(n1.node.read(byLease))
  expect(cluster.clock.now() - began).toBeLessThanOrEqual(5) // as finely as this clock looks

  await cluster.clock.until(() => n2.node.status().role === 'leader' || n3.node.status().role === 'leader')
  await cluster.set(n2, 'new')
  const read = n1.node.read(byLease)
  await cluster.clock.run(200)
  cluster.network.heal()
  await cluster.clock.outcome(read)
  expect(n1.register.applied).toEqual(['old', 'new'])
  await cluster.closeAll()
})

test('a follower answers by way of the leader; turned off, a quorum is asked again', async () => {
  const { cluster, n1, n3 } = await withLeases()
  await cluster.set(n1, 'a')
  await cluster.clock.outcome(n3.node.read(byLease))
  expect(n3.register.applied).toEqual(['a'])
  expect(() => n3.node.reconfigure({ tickMs: 50 })).toThrow('turn leaseReads off first')
  const index = await cluster.clock.outcome(n3.node.membership.leaseReads(false))
  expect(await cluster.clock.outcome(n3.node.membership.leaseReads(false))).toBe(index) // once more: no change
  expect(n1.node.status().membership.leaseReads).toBeUndefined()
  await cluster.closeAll()
})

test('a lease that was counted for longer ticks than there are now is none: a quorum is asked', async () => {
  const cluster = new Cluster()
  const [n1, n2, n3] = await cluster.found(3)
  for (const { node } of [n1!, n2!, n3!]) node.reconfigure({ tickMs: 50 })
  await cluster.clock.outcome(n1!.node.membership.leaseReads(true))
  await cluster.clock.run(300)
  const answers = async () => {
    let answered = false
    for (const other of ['n2:1', 'n3:1']) cluster.network.cut('n1:1', other)
    const read = n1!.node.read(byLease).then(() => {
      answered = true
    })
    await cluster.clock.run(30)
    cluster.network.heal()
    const atOnce = answered
    await cluster.clock.outcome(read)
    return atOnce
  }
  expect(await answers()).toBe(false)
  for (const { node } of [n1!, n2!, n3!]) node.reconfigure({ tickMs: 100 })
  await cluster.clock.run(300)
  expect(await answers()).toBe(true)
  await cluster.closeAll()
})

test('with leases on, nobody is elected before the lease of a leader that died is over', async () => {
  const { cluster, n1 } = await withLeases()
  await cluster.set(n1, 'a')
  const died = cluster.clock.now()
  cluster.kill('n1')
  await cluster.newLeader()
  expect(cluster.clock.now() - died).toBeGreaterThan((10 - 2) * 100 * 0.9) // as long as leases last: clockDrift 0.1
  await cluster.closeAll()
})

test('with leases on, nobody is elected before the lease of a leader that died is over, also where all start anew', async () => {
  const { cluster, n1 } = await withLeases()
  await cluster.set(n1, 'a')
  for (const name of [...cluster.members.keys()]) cluster.kill(name)
  const died = cluster.clock.now()
  for (const name of ['n1', 'n2', 'n3']) await cluster.start(name)
  await cluster.newLeader()
  expect(cluster.clock.now() - died).toBeGreaterThan((10 - 2) * 100 * 0.9)
  await cluster.closeAll()
})

test('without them a refused connection is enough', async () => {
  const cluster = new Cluster()
  await cluster.found(3)
  const died = cluster.clock.now()
  cluster.kill('n1')
  await cluster.newLeader()
  expect(cluster.clock.now() - died).toBeLessThan(250)
  await cluster.closeAll()
})

test('clocks that drift by as much as they run are refused', async () => {
  await expect(new Cluster().start('n1', { bootstrap: true, clockDrift: 1 })).rejects.toThrow('clockDrift is 1')
})
