import { describe, expect, test } from 'vitest'
import { RaftError } from '../../src/errors.ts'
import { Cluster, type Member } from './cluster.ts'
import { Register } from './register.ts'

/** The log of a member is damaged while it is down: what it had acknowledged is gone. */
function damage(cluster: Cluster, name: string): void {
  cluster.kill(name)
  const disk = cluster.disks.get(name)
  if (disk === undefined) throw new Error(`${name} has no disk`)
  disk.damage = 'entry 4 is missing or damaged'
}

function isolate(cluster: Cluster, name: string): void {
  for (const other of ['n1', 'n2', 'n3']) if (other !== name) cluster.network.cut(`${name}:1`, `${other}:1`)
}

function repairsOf({ events }: Member): readonly string[] {
  return events.flatMap(event => (event.type === 'repair' ? [event.what] : []))
}

async function write(cluster: Cluster, member: Member, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await cluster.set(member, `w${i}`)
}

describe('a node whose log is damaged', () => {
  test('says so, and gets it again from the leader', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    await write(cluster, n1!, 5)
    damage(cluster, 'n3')
    const n3 = await cluster.start('n3')
    expect(n3.node.status()).toMatchObject({ repairs: 'entry 4 is missing or damaged', fault: undefined })
    await cluster.clock.until(() => n3.node.status().repairs === undefined)
    expect(repairsOf(n3)).toEqual(['begun', 'finished'])
    expect(n3.disk).toMatchObject({ damage: undefined, repairing: false })
    await cluster.clock.until(() => n3.register.applied.length === 5)
    await cluster.clock.until(() => n1!.node.status().members.every(({ repairing }) => repairing !== true))
    await cluster.closeAll()
  })

  test('also when it founded the cluster, and knows nobody from before its damage', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    await write(cluster, n1!, 5)
    damage(cluster, 'n1')
    await cluster.newLeader()
    const again = await cluster.start('n1')
    await cluster.clock.until(() => again.node.status().repairs === undefined)
    expect(await cluster.set(n2!, 'more')).toBe('more is number 6')
    await cluster.clock.until(() => again.register.applied.length === 6)
    await cluster.closeAll()
  })

  test('waits for the one member that holds the newest acknowledged entries, however long that is down', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    isolate(cluster, 'n3')
    await write(cluster, n1!, 5)
    cluster.network.heal()
    cluster.kill('n1')
    damage(cluster, 'n2')
    const n2 = await cluster.start('n2')
    await cluster.clock.run(30_000)
    const n3 = cluster.member('n3')
    expect([n2.node.status().role, n3.node.status().role]).not.toContain('leader')
    await expect(cluster.clock.outcome(n2.node.read({ timeoutMs: 1_000 }))).rejects.toMatchObject({ outcome: 'not-applied' })
    const back = await cluster.start('n1')
    await cluster.clock.until(() => n2.node.status().repairs === undefined)
    expect(await cluster.get(n2)).toEqual(['w0', 'w1', 'w2', 'w3', 'w4'])
    expect(await cluster.set(back, 'x')).toBe('x is number 6')
    await cluster.closeAll()
  })

  test('does not count: with another member down nothing is committed before it is repaired', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    await write(cluster, n1!, 3)
    cluster.kill('n2')
    damage(cluster, 'n3')
    const n3 = await cluster.start('n3')
    expect(await cluster.set(n1!, 'x')).toBe('x is number 4')
    expect(n3.node.status().repairs).toBe(undefined)
    expect(n1!.node.status().role).toBe('leader')
    await cluster.closeAll()
  })

  test('goes on with its repair after a crash', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    await write(cluster, n1!, 5)
    damage(cluster, 'n3')
    isolate(cluster, 'n3')
    await cluster.start('n3')
    await cluster.clock.run(500)
    cluster.kill('n3')
    cluster.network.heal()
    const n3 = await cluster.start('n3')
    expect(n3.node.status().repairs).toBe('a repair was begun')
    await cluster.clock.until(() => n3.node.status().repairs === undefined && n3.register.applied.length === 5)
    await cluster.closeAll()
  })
})

/** Takes as much of a snapshot as there is. */
class Forgiving extends Register {
  override async restore(data: AsyncIterable<Uint8Array>): Promise<void> {
    await super.restore(data).catch(() => {})
  }
}

function damageSnapshots(cluster: Cluster, name: string): void {
  const disk = cluster.disks.get(name)!
  disk.snapshots = disk.snapshots.map(held => ({ ...held, chunks: [Uint8Array.of(1)] }))
}

const often = { snapshotEntries: 5, trailingEntries: 0 }

/** A cluster that takes snapshots often, and whose third member is down: it has 23 commands, most of them in snapshots. */
async function withoutN3(): Promise<Cluster> {
  const cluster = new Cluster()
  const [n1] = await cluster.found(3, often)
  await write(cluster, n1!, 23)
  await cluster.clock.run(500)
  cluster.kill('n3')
  return cluster
}

describe('snapshots that cannot be read', () => {
  test('send a node into repair when none is left; the leader sends one', async () => {
    const cluster = await withoutN3()
    damageSnapshots(cluster, 'n3')
    const n3 = await cluster.start('n3', often)
    expect(n3.node.status().repairs).toMatch(/no snapshot that the log follows can be read/)
    await cluster.clock.until(() => n3.node.status().repairs === undefined && n3.register.applied.length === 23)
    expect(n3.events).toContainEqual(expect.objectContaining({ type: 'snapshot', cause: 'installed' }))
    await cluster.closeAll()
  })

  test.each([
    ['that its state machine makes do with', (cluster: Cluster) => damageSnapshots(cluster, 'n3'), Forgiving],
    [
      'in sectors that are lost',
      (cluster: Cluster) => {
        cluster.disks.get('n3')!.readFailure = Object.assign(new Error('i/o error'), { code: 'EIO' })
      },
      Register,
    ],
  ])('are not believed: half of one, %s', async (_what, damageThem, Machine) => {
    const cluster = await withoutN3()
    damageThem(cluster)
    const stateMachine = new Machine()
    const n3 = await cluster.start('n3', { ...often, stateMachine })
    expect(n3.node.status().repairs).toMatch(/no snapshot that the log follows can be read/)
    cluster.disks.get('n3')!.readFailure = undefined
    await cluster.clock.until(() => n3.node.status().repairs === undefined && stateMachine.applied.length === 23)
    await cluster.closeAll()
  })

  test('stop a node that is given one by the leader, whatever its state machine makes do with', async () => {
    const cluster = await withoutN3()
    const n3 = await cluster.start('n3', { ...often, stateMachine: new Forgiving() })
    isolate(cluster, 'n3')
    await write(cluster, cluster.member('n1'), 23)
    n3.disk.endFailure = Object.assign(new Error('i/o error'), { code: 'EIO' })
    cluster.network.heal()
    await cluster.clock.until(() => n3.node.status().fault !== undefined)
    const told = { code: 'STORAGE_FAILED', message: expect.stringMatching(/snapshot \d+ cannot be restored: i\/o error/) }
    expect(n3.node.status().fault).toMatchObject(told)
    await cluster.closeAll()
  })

  test('for another reason than damage stop the start, and leave the log as it is', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1, { snapshotEntries: 5, trailingEntries: 0 })
    await write(cluster, n1!, 23)
    cluster.kill('n1')
    const disk = cluster.disks.get('n1')!
    disk.readFailure = new Error('EMFILE: too many open files')
    await expect(cluster.start('n1')).rejects.toMatchObject({
      code: 'FOLDER_UNUSABLE',
      message: expect.stringMatching(/EMFILE.*start the node again/),
    })
    disk.readFailure = undefined
    const again = await cluster.start('n1')
    await cluster.clock.outcome(again.node.waitForLeader())
    expect((await cluster.get(again)).length).toBe(23)
    await cluster.closeAll()
  })
})

describe('a snapshot that is whole and cannot be restored', () => {
  class Newer extends Register {
    readonly #error: Error
    constructor(error: Error) {
      super()
      this.#error = error
    }
    override async restore(): Promise<void> {
      throw this.#error
    }
  }
  class Unkind extends Register {
    onMembership(): void {
      throw new Error('not these members')
    }
  }

  test.each([
    ['an error', () => new Newer(new Error('written by v1')), 'STATE_MACHINE', /snapshot \d+ is whole.*written by v1.*Start the release/],
    ['an error of the node', () => new Newer(new RaftError('DISK_FULL', 'its own disk')), 'DISK_FULL', /its own disk/],
    ['what looks like damage', () => new Newer(new RaftError('CORRUPT', 'not mine')), 'STATE_MACHINE', /not mine/],
    ['no members', () => new Unkind(), 'INVARIANT_BROKEN', /not these members/],
  ])('stops the start, and leaves log and snapshot as they are: the state machine takes %s', async (_what, make, code, message) => {
    const cluster = new Cluster()
    const options = { snapshotEntries: 5, trailingEntries: 0 }
    const [n1] = await cluster.found(3, options)
    await write(cluster, n1!, 23)
    await cluster.clock.run(500)
    const names = ['n1', 'n2', 'n3']
    for (const name of names) cluster.kill(name)
    for (const name of names) {
      const start = cluster.start(name, { ...options, stateMachine: make() })
      await expect(start).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    }
    for (const name of names) await cluster.start(name, options)
    const leader = await cluster.newLeader()
    expect(names.map(name => cluster.members.get(name)!.node.status().repairs)).toEqual([undefined, undefined, undefined])
    expect((await cluster.get(leader)).length).toBe(23)
    await cluster.closeAll()
  })
})
