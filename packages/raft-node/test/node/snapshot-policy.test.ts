import { expect, test } from 'vitest'
import { Cluster, type Member } from './cluster.ts'

const mib = 1024 * 1024
const options = { snapshotEntries: 10, trailingEntries: 2 }

test('a small state is written after so many entries', async () => {
  const { cluster, member } = await started()
  await write(cluster, member, 35)
  expect(taken(member)).toBe(3)
})

test('a large state is not written again before the log weighs as much', async () => {
  const { cluster, member } = await started()
  for (const text of ['v', 'w', 'x']) await cluster.set(member, text.repeat(3 * mib))
  await write(cluster, member, 60)
  expect(taken(member)).toBe(1)

  for (let i = 0; i < 17; i++) await cluster.set(member, 'y'.repeat(mib / 2))
  expect(taken(member)).toBe(1)
  await cluster.set(member, 'y'.repeat(mib / 2))
  expect(taken(member)).toBe(2)
})

test('one of a few MiB waits for a log that is worth it', async () => {
  const { cluster, member } = await started()
  await cluster.set(member, 'x'.repeat(2 * mib))
  await write(cluster, member, 15)
  expect(taken(member)).toBe(1)

  for (let i = 0; i < 15; i++) await cluster.set(member, 'y'.repeat(mib / 2))
  expect(taken(member)).toBe(1)
  await cluster.set(member, 'y'.repeat(mib / 2))
  expect(taken(member)).toBe(2)
})

test('nor after a restart from it', async () => {
  const { cluster, member } = await started()
  await cluster.set(member, 'x'.repeat(2 * mib))
  await write(cluster, member, 15)
  cluster.kill('n1')
  const again = await cluster.start('n1', options)
  await cluster.clock.outcome(again.node.waitForLeader())
  await write(cluster, again, 30)
  expect([taken(member), taken(again)]).toEqual([1, 0])
})

test('so many bytes are enough, however large the state is', async () => {
  const { cluster, member } = await started({ snapshotBytes: mib })
  await cluster.set(member, 'x'.repeat(3 * mib))
  await cluster.set(member, 'y'.repeat(mib))
  expect(taken(member)).toBe(2)
})

test('one that cannot be taken is told, and tried again when the next is due', async () => {
  const { cluster, member } = await started()
  let failing = true
  const { register } = member
  const snapshot = register.snapshot.bind(register)
  register.snapshot = () => {
    if (failing) throw new Error('no memory')
    return snapshot()
  }
  await write(cluster, member, 25)
  const told = member.events.filter(event => event.type === 'snapshotFailure')
  expect(told).toEqual([1, 2].map(() => ({ type: 'snapshotFailure', reason: 'the state machine could not give a snapshot: no memory' })))
  expect(member.node.metrics.prometheus()).toMatch(/^raft_snapshots_failed_total 2$/m)
  await expect(cluster.clock.outcome(member.node.snapshot())).rejects.toMatchObject({ code: 'STATE_MACHINE', outcome: 'not-applied' })
  failing = false
  register.snapshot = async function* () {
    yield 'text' as unknown as Uint8Array
  }
  const refused = { code: 'STATE_MACHINE', message: expect.stringMatching(/what it gave is not bytes$/) }
  await expect(cluster.clock.outcome(member.node.snapshot())).rejects.toMatchObject(refused)
  register.snapshot = snapshot
  await write(cluster, member, 15)
  expect(taken(member)).toBe(1)
})

test('one whose file cannot be made is over for the state machine, too', async () => {
  const { cluster, member } = await started()
  let open = 0
  member.register.snapshot = async function* () {
    open += 1
    try {
      yield new Uint8Array(1)
      yield new Uint8Array(1)
    } finally {
      open -= 1
    }
  }
  member.disk.writeFailure = new Error('EMFILE: too many open files')
  await write(cluster, member, 25)
  expect(member.events.filter(event => event.type === 'snapshotFailure')).toHaveLength(2)
  expect(open).toBe(0)
})

test('old ones that cannot be removed are told, and stop nobody', async () => {
  const { cluster, member } = await started()
  const held = () => member.disk.snapshots.length
  await write(cluster, member, 25)
  expect(held()).toBe(2)
  member.disk.keepFailure = new Error('EMFILE: too many open files')
  await write(cluster, member, 20)
  const reason = 'old snapshots could not be removed: EMFILE: too many open files'
  expect(member.events.filter(event => event.type === 'snapshotFailure')).toEqual([1, 2].map(() => ({ type: 'snapshotFailure', reason })))
  expect([held(), member.node.status().fault]).toEqual([4, undefined])
  expect(member.disk.base.position.index).toBeGreaterThan(20) // the log is shortened all the same
  member.disk.keepFailure = undefined
  await write(cluster, member, 10)
  expect(held()).toBe(2)
})

async function started(more = {}) {
  const cluster = new Cluster()
  const [member] = await cluster.found(1, { ...options, ...more })
  return { cluster, member: member as Member }
}

async function write(cluster: Cluster, member: Member, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await cluster.set(member, `command ${i}`)
}

function taken({ events }: Member): number {
  return events.filter(event => event.type === 'snapshot' && event.cause === 'taken').length
}
