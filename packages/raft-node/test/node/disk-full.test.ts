import { expect, test } from 'vitest'
import { Cluster, type Member } from './cluster.ts'
import { Register } from './register.ts'

const minFreeBytes = 4_000
const refused = { code: 'DISK_FULL', outcome: 'not-applied' }

const isFull = ({ node }: Member) => node.status().diskFull !== undefined
const write = (cluster: Cluster, { node }: Member, text: string) =>
  cluster.clock.outcome(node.apply(Register.command(text), { timeoutMs: 500 }))

test('writes are refused and reads are not, until there is room again', async () => {
  const cluster = new Cluster()
  const members = await cluster.found(3, { minFreeBytes })
  await cluster.set(members[0]!, 'a')
  expect(members.map(({ disk }) => disk.reserved)).toEqual([1_000, 1_000, 1_000])
  for (const { disk } of members) disk.free = 3_000
  await cluster.clock.until(() => members.every(isFull))
  for (const member of members) {
    await expect(write(cluster, member, 'b')).rejects.toMatchObject(refused)
    expect(await cluster.get(member)).toEqual(['a'])
    expect(member.node.status().fault).toBe(undefined)
    expect(member.disk.reserved).toBe(1_000)
  }
  for (const { disk } of members) disk.free = 1_500 // now the reserve goes
  await cluster.clock.until(() => members.every(({ disk }) => disk.reserved === 0))
  for (const { disk } of members) disk.free = 10_000
  await cluster.clock.until(() => !members.some(isFull))
  expect(members.map(({ disk }) => [disk.reserved, disk.free])).toEqual(members.map(() => [1_000, 9_000]))
  await cluster.set(members[1]!, 'c')
  const told = members[0]!.events.flatMap(event => (event.type === 'disk' ? [event.isFull] : []))
  expect(told).toEqual([true, false])
  await cluster.closeAll()
})

test('a leader hands over to one that has room, and waiting callers notice nothing', async () => {
  const cluster = new Cluster()
  const [n1, n2, n3] = (await cluster.found(3, { minFreeBytes })) as [Member, Member, Member]
  n2.disk.free = 100
  await cluster.clock.until(() => isFull(n2))
  n1.disk.free = 100
  await cluster.clock.until(() => isFull(n1))
  await cluster.clock.until(() => n3.node.status().role === 'leader')
  await cluster.clock.run(3_000)
  expect(n3.node.status().role).toBe('leader')
  n1.disk.free = 10_000
  await cluster.clock.until(() => !isFull(n1))
  expect((await write(cluster, n2, 'a')).result).toBeDefined()
  await cluster.closeAll()
})

test('a leader with room takes nothing that a majority cannot save', async () => {
  const cluster = new Cluster()
  const [n1, n2, n3] = (await cluster.found(3, { minFreeBytes })) as [Member, Member, Member]
  n2.disk.free = n3.disk.free = 100
  await cluster.clock.until(() => isFull(n2) && isFull(n3))
  await cluster.clock.run(100)
  await expect(write(cluster, n1, 'a')).rejects.toMatchObject({ ...refused, message: expect.stringContaining('n2, n3') })
  n2.disk.free = 10_000
  await cluster.clock.until(() => !isFull(n2))
  await cluster.clock.run(100)
  await write(cluster, n1, 'b')
  await cluster.closeAll()
})

test('what came since the last look counts, too: a follower takes no burst for which there is no room', async () => {
  const cluster = new Cluster()
  const [n1, , n3] = (await cluster.found(3, { minFreeBytes })) as [Member, Member, Member]
  n3.disk.free = 2_000
  await cluster.clock.until(() => isFull(n3))
  await cluster.clock.run(1_000)
  const { last } = n3.node.status()
  await Promise.all(['a', 'b', 'c'].map(name => cluster.set(n1, name.repeat(900))))
  await cluster.clock.run(100)
  expect(n3.node.status()).toMatchObject({ last, fault: undefined })
  n3.disk.free = 10_000
  await cluster.clock.until(() => n3.node.status().applied === n1.node.status().applied)
  await cluster.closeAll()
})

test('a command for which followers have no room makes their disks full, so that its leader says so', async () => {
  const cluster = new Cluster()
  const [n1, n2, n3] = (await cluster.found(3, { minFreeBytes: 0 })) as [Member, Member, Member]
  for (const { disk } of [n2, n3]) disk.free = 200
  await cluster.clock.run(1_000)
  expect([isFull(n2), isFull(n3)]).toEqual([false, false])
  await expect(write(cluster, n1, 'a'.repeat(2_000))).rejects.toMatchObject({ code: 'TIMED_OUT' })
  await cluster.clock.until(() => isFull(n2) && isFull(n3))
  await cluster.clock.run(100)
  await expect(write(cluster, n1, 'b')).rejects.toMatchObject(refused)
  for (const { disk } of [n2, n3]) disk.free = 10_000
  await cluster.clock.until(() => !isFull(n2) && !isFull(n3))
  await cluster.clock.run(100)
  await write(cluster, n1, 'c')
  await cluster.closeAll()
})

test('a follower that has used half of the reserve takes no more entries, and comes level when there is room', async () => {
  const cluster = new Cluster()
  const [n1, , n3] = (await cluster.found(3, { minFreeBytes })) as [Member, Member, Member]
  n3.disk.free = 0
  n3.disk.reserved = 400
  await cluster.clock.until(() => isFull(n3))
  const { last } = n3.node.status()
  await cluster.set(n1, 'a')
  await cluster.clock.run(5_000)
  expect(n3.node.status()).toMatchObject({ last, role: 'follower', leader: 'n1', fault: undefined })
  n3.disk.free = 10_000
  await cluster.clock.until(() => n3.node.status().applied === n1.node.status().applied)
  expect(n3.register.applied).toEqual(['a'])
  await cluster.closeAll()
})

test('a node that starts on a full disk takes no entries before it knows', async () => {
  const cluster = new Cluster()
  const [n1, , n3] = (await cluster.found(3, { minFreeBytes })) as [Member, Member, Member]
  const { last } = n3.node.status()
  cluster.kill('n3')
  await cluster.set(n1, 'a')
  n3.disk.free = n3.disk.reserved = 0
  const again = await cluster.start('n3', { minFreeBytes })
  await cluster.clock.until(() => again.node.status().leader === 'n1')
  await cluster.clock.run(3_000)
  expect(again.node.status()).toMatchObject({ last, fault: undefined })
  expect(isFull(again)).toBe(true)
  again.disk.free = 10_000
  await cluster.clock.until(() => again.register.applied.length === 1)
  await cluster.closeAll()
})
