import { type MembershipChange, noMembers } from 'raft-core'
import { describe, expect, test } from 'vitest'
import type { JoinRequest } from '../../src/api.ts'
import { Bell } from '../../src/bell.ts'
import type { Engine } from '../../src/engine.ts'
import { Faults } from '../../src/faults.ts'
import { Leading } from '../../src/leading.ts'
import { Members } from '../../src/members.ts'
import { MembershipService } from '../../src/membership-service.ts'
import { deadlineFor } from '../../src/wait.ts'
import { Cluster, type Member } from './cluster.ts'
import { VirtualClock } from './virtual-clock.ts'

const joinThrough = (through: Member) => (request: JoinRequest) => through.node.membership.join(request)

describe('joining', () => {
  test('an empty folder under a member’s name is refused, with the command that helps', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    cluster.kill('n2')
    cluster.wipe('n2')
    const refused = cluster.join('n2', n1!)
    await expect(refused).rejects.toMatchObject({ code: 'WIPED_MEMBER', outcome: 'not-applied' })
    await expect(refused).rejects.toThrow(/raftctl node join --replace --id n2 --raft n2:1 .*<new folder>$/)
    expect(n1!.node.status().membership.voters).toEqual(['n1', 'n2', 'n3'])
    await cluster.closeAll()
  })

  test('a replaced member comes in under the next generation and gets everything', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    await cluster.set(n1!, 'a')
    cluster.kill('n2')
    cluster.wipe('n2')
    const n2 = await cluster.join('n2', n1!, { replace: true })
    expect(n2.node.identity.nodeId).toBe('n2~2')
    await cluster.clock.until(() => n1!.node.status().membership.voters.join() === 'n1,n2~2,n3')
    expect(await cluster.get(n2)).toEqual(['a'])
    // It was dialled before it had a cluster, and read of its earlier life in the log: neither is news.
    for (const { events } of [n1!, n2]) expect(events.filter(({ type }) => type === 'handshake')).toEqual([])

    // A restart with the flag still set changes nothing.
    cluster.kill('n2')
    const again = await cluster.start('n2', { join: joinThrough(n1!), replace: true })
    expect(again.node.identity).toEqual(n2.node.identity)
    expect(await cluster.get(again)).toEqual(['a'])
    await cluster.closeAll()
  })

  test('a join repeated with the same incarnation gets the same answer', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    const request = { id: 'n9', address: 'n9:1', clientAddress: '', incarnation: 'i9', replace: false }
    const first = await cluster.clock.outcome(n1!.node.membership.join(request))
    expect(first.nodeId).toBe('n9')
    expect(await cluster.clock.outcome(n1!.node.membership.join(request))).toEqual(first)
    await expect(cluster.clock.outcome(n1!.node.membership.join({ ...request, incarnation: 'other' }))).rejects.toMatchObject({
      code: 'WIPED_MEMBER',
    })
    await expect(cluster.clock.outcome(n1!.node.membership.join({ ...request, id: 'n8', incarnation: 'other' }))).rejects.toThrow(
      'n9:1 is the address of member n9',
    )
    await expect(cluster.clock.outcome(n1!.node.membership.join({ ...request, id: 'a~b' }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await cluster.closeAll()
  })

  test('after a join that failed the folder can be given another name, until somebody has let it in', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(2)
    const address = 'n3:1'
    const lost = async (request: JoinRequest) => {
      await joinThrough(n1!)(request)
      throw new Error('the answer was lost')
    }
    await expect(cluster.start('n3', { address, id: 'n2', join: joinThrough(n1!) })).rejects.toMatchObject({ code: 'WIPED_MEMBER' })
    await expect(cluster.start('n3', { address, id: 'n4', join: lost })).rejects.toThrow('the answer was lost')
    await expect(cluster.start('n3', { address, id: 'n5', join: joinThrough(n1!) })).rejects.toThrow(
      'let in as n4 before: start it with --id n4',
    )
    const n4 = await cluster.start('n3', { address, id: 'n4', join: joinThrough(n1!) })
    await cluster.clock.until(() => n1!.node.status().membership.voters.join() === 'n1,n2,n4')
    expect(n4.node.identity.nodeId).toBe('n4')
    await cluster.closeAll()
  })

  test('a replacement that stops halfway does not say that nothing was done; tried again in time, it goes on', async () => {
    const clock = new VirtualClock()
    const info = (id: string) => ({ id, address: `${id}:1`, clientAddress: '', incarnation: `i${id}` })
    const request = { ...info('n2'), incarnation: 'new', replace: true }
    for (const until of [Number.POSITIVE_INFINITY, 1_000]) {
      const began = clock.now()
      const members = new Members()
      members.change({ ...noMembers, voters: ['n1', 'n2', 'n3'] }, 5, [info('n1'), info('n2'), info('n3')])
      const raft = {
        role: 'leader',
        leader: 'n1',
        proposeMembership({ changes: [change] }: MembershipChange) {
          if (change?.type === 'remove') members.change({ ...noMembers, voters: ['n1', 'n3'] }, 6, [])
          else if (clock.now() < began + until) return { accepted: false, reason: 'transferring' }
          else members.change({ ...members.membership, learners: ['n2~2'] }, 7, [{ ...request, id: 'n2~2' }])
          return { accepted: true, index: members.membershipIndex, term: 2 }
        },
      }
      const parts = { raft, members, ports: { clock }, changed: new Bell(clock), faults: new Faults(() => {}), stopped: false, wake() {} }
      const more = { identity: { nodeId: 'n1' }, pending: { add: async (at: unknown) => at }, settings: { tickMs: 100 } }
      const engine = { ...parts, ...more, peers: { info: () => undefined } } as unknown as Engine<unknown>
      const joined = new MembershipService(engine, new Leading(engine)).join(request, deadlineFor(clock))
      if (until === 1_000) expect(await clock.outcome(joined)).toMatchObject({ nodeId: 'n2~2' })
      else await expect(clock.outcome(joined)).rejects.toMatchObject({ code: 'TRANSFERRING', outcome: 'unknown' })
    }
  })

  test('a leader whose own snapshot is still being restored waits with membership changes, and lets everything else go on', async () => {
    const clock = new VirtualClock()
    let asked = 0
    const answers = ['stale-membership', 'stale-membership', 'change-pending'] as const
    const raft = {
      role: 'leader',
      proposeMembership: () => {
        const reason = answers[asked++]
        return reason === undefined ? { accepted: true, index: 7, term: 2 } : { accepted: false, reason }
      },
    }
    const members = { membershipIndex: 3, has: () => true, isLearner: () => true, info: () => ({ incarnation: 'i2' }) }
    const pending = { add: async () => ({ index: 7 }) }
    const parts = {
      raft,
      identity: { nodeId: 'n1' },
      members,
      pending,
      ports: { clock },
      settings: { tickMs: 100 },
      changed: new Bell(clock),
      faults: new Faults(() => {}),
    }
    const engine = { ...parts, stopped: false, wake() {} } as unknown as Engine<unknown>
    const change = new MembershipService(engine, new Leading(engine)).changeHere('promote', 'n2', deadlineFor(clock))
    expect(await clock.outcome(change)).toBe(7)
    expect(clock.now()).toBeGreaterThanOrEqual(300)
  })

  test('a learner that never appears costs no quorum', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    await cluster.clock.outcome(
      n1!.node.membership.join({ id: 'n2', address: 'nowhere:1', clientAddress: '', incarnation: 'i2', replace: false }),
    )
    expect(await cluster.set(n1!, 'a')).toBe('a is number 1')
    expect(n1!.node.status().membership).toMatchObject({ voters: ['n1'], learners: ['n2'] })
    await cluster.closeAll()
  })

  test('a crash between the join and its answer: the same folder asks again and comes in', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    let asked: JoinRequest | undefined
    const lost = cluster.begin('n2', {
      join: async request => {
        asked = request
        await n1!.node.membership.join(request)
        cluster.disks.get('n2')?.crash()
        await cluster.network.at('n2:1')?.close()
        throw new Error('the answer is lost')
      },
    })
    await expect(cluster.clock.outcome(lost)).rejects.toThrow('the answer is lost')
    const n2 = await cluster.join('n2', n1!)
    expect(n2.node.identity).toMatchObject({ nodeId: 'n2', incarnation: asked?.incarnation })
    await cluster.clock.until(() => n2.node.status().membership.voters.length === 2)
    await cluster.closeAll()
  })

  test('a node that was let in and stopped before anything arrived must be given the address once more', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    await cluster.join('n2', n1!)
    cluster.kill('n2')
    expect(cluster.disks.get('n2')!.snapshots).toEqual([])
    await expect(cluster.start('n2')).rejects.toThrow('start it once more with the address to join')
    const again = await cluster.join('n2', n1!)
    await cluster.clock.until(() => again.node.status().membership.voters.length === 2)
    await cluster.closeAll()
  })

  test('a node whose own vote is needed for a leader is told by anybody that it is a member', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    await cluster.join('n2', n1!)
    cluster.kill('n2')
    await cluster.clock.outcome(n1!.node.membership.promote('n2', { timeoutMs: 200 })).catch(() => {})
    await cluster.clock.until(() => n1!.node.status().role !== 'leader')
    expect(n1!.node.status()).toMatchObject({ leader: undefined, membership: { voters: ['n1', 'n2'] } })
    const again = await cluster.join('n2', n1!)
    await cluster.clock.outcome(again.node.waitForLeader())
    expect(await cluster.set(again, 'a')).toBe('a is number 1')
    await cluster.closeAll()
  })

  test('two nodes join at the same time, one after the other', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    await cluster.clock.outcome(Promise.all(['n2', 'n3'].map(name => cluster.begin(name, { join: joinThrough(n1!) }))))
    await cluster.clock.until(() => n1!.node.status().membership.voters.length === 3)
    await cluster.closeAll()
  })
})

describe('changing', () => {
  test('demote, promote and remove, from any member', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    await cluster.clock.outcome(n2!.node.membership.demote('n3'))
    expect(n1!.node.status().membership).toMatchObject({ voters: ['n1', 'n2'], learners: ['n3'] })
    await cluster.clock.outcome(n3!.node.membership.promote('n3'))
    expect(n1!.node.status().membership.voters).toEqual(['n1', 'n2', 'n3'])
    await cluster.clock.outcome(n2!.node.membership.remove('n3'))
    expect(n1!.node.status().members.map(({ id }) => id)).toEqual(['n1', 'n2'])
    await expect(cluster.clock.outcome(n1!.node.membership.remove('n9'))).rejects.toMatchObject({ code: 'NOT_A_MEMBER' })
    await cluster.closeAll()
  })

  test('the only voter cannot be removed', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    await expect(cluster.clock.outcome(n1!.node.membership.remove('n1'))).rejects.toThrow('n1 is the only voter')
    await cluster.closeAll()
  })

  test('a removed node learns of it and refuses its callers', async () => {
    const cluster = new Cluster()
    const [n1, , n3] = await cluster.found(3)
    await cluster.clock.outcome(n1!.node.membership.remove('n3'))
    await cluster.clock.until(() => n3!.node.status().fault !== undefined)
    expect(n3!.node.status().fault?.code).toBe('NOT_A_MEMBER')
    await expect(n3!.node.read()).rejects.toMatchObject({ code: 'NOT_A_MEMBER', outcome: 'not-applied' })
    await cluster.closeAll()
  })

  test('a leader that removes itself: its caller hears that it worked, and another leads', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    await cluster.clock.outcome(n1!.node.membership.remove('n1'))
    cluster.members.delete('n1')
    const next = await cluster.newLeader()
    expect(next.node.status().membership.voters).toEqual(['n2', 'n3'])
    expect(await cluster.set(next, 'a')).toBe('a is number 1')
    await cluster.closeAll()
  })

  test('a leader of two that removes itself, and is killed as soon as its caller hears of it, leaves one that serves', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(2)
    await cluster.clock.outcome(n1!.node.membership.remove('n1'))
    cluster.kill('n1')
    cluster.members.delete('n1')
    const next = await cluster.newLeader()
    expect(next.node.status().membership.voters).toEqual(['n2'])
    expect(await cluster.set(next, 'a')).toBe('a is number 1')
    await cluster.closeAll()
  })

  test('a leader that goes hands over to one that stays, also when it is replaced together with another', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    const edits = [{ type: 'remove', id: 'n1' } as const, { type: 'demote', id: 'n2' } as const]
    await cluster.clock.outcome(n2!.node.membership.change(edits))
    expect(n3!.node.status()).toMatchObject({ role: 'leader', membership: { voters: ['n3'], learners: ['n2'], outgoing: [] } })
    await cluster.clock.until(() => n1!.node.status().fault?.code === 'NOT_A_MEMBER')
    await cluster.closeAll()
  })

  test('a leader that reaches nobody to hand over to stays, and says whom to start', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(2)
    cluster.kill('n2')
    const refused = cluster.clock.outcome(n1!.node.membership.remove('n1', { timeoutMs: 500 }))
    await expect(refused).rejects.toMatchObject({ code: 'TRANSFERRING', outcome: 'not-applied' })
    await expect(refused).rejects.toThrow('n1 leads and hands over before it goes')
    await cluster.start('n2')
    expect((await cluster.newLeader()).node.status().membership.voters).toEqual(['n1', 'n2'])
    await cluster.closeAll()
  })

  test('a node restarted with other addresses is found at them', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    cluster.kill('n3')
    const moved = await cluster.start('n3', { address: 'n3:2', clientAddress: 'web:80' })
    await cluster.clock.until(() =>
      n1!.node.status().members.some(({ address, clientAddress }) => address === 'n3:2' && clientAddress === 'web:80'),
    )
    await cluster.set(n1!, 'a')
    expect(await cluster.get(moved)).toEqual(['a'])
    await cluster.closeAll()
  })
})

describe('lost folders', () => {
  test('a founder restarted with an empty folder, as a new cluster, stops serving once the others reach it', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    await cluster.set(n1!, 'a')
    cluster.kill('n1')
    cluster.wipe('n1')
    const wiped = await cluster.start('n1', { bootstrap: true })
    const before = cluster.clock.now()
    await cluster.clock.until(() => wiped.node.status().fault !== undefined)
    expect(cluster.clock.now() - before).toBeLessThan(2_000)
    expect(wiped.node.status().fault).toMatchObject({ code: 'WIPED_MEMBER' })
    await expect(wiped.node.apply(new Uint8Array(1))).rejects.toThrow(/raftctl node join --replace --id n1 --raft n1:1/)

    // The command, with the same folder: what was founded there gives way.
    await cluster.clock.outcome(wiped.node.close())
    const again = await cluster.start('n1', { join: joinThrough(n2!), replace: true })
    expect(again.node.identity).toMatchObject({ nodeId: 'n1~2', clusterId: n2!.node.identity.clusterId })
    await cluster.clock.until(() => n2!.node.status().membership.voters.join() === 'n1~2,n2,n3')
    expect(await cluster.get(again)).toEqual(['a'])
    await cluster.closeAll()
  })

  test('an old copy of a folder is recognised by a leader that saw more', async () => {
    const cluster = new Cluster()
    const [n1, , n3] = await cluster.found(3)
    const { hardState, base, entries, snapshots } = n3!.disk
    const copy = { hardState, base, entries: [...entries], snapshots: [...snapshots] }
    for (let i = 0; i < 5; i++) await cluster.set(n1!, `w${i}`)
    await cluster.clock.run(500)
    cluster.kill('n3')
    Object.assign(cluster.disks.get('n3')!, copy)
    const old = await cluster.start('n3')
    await cluster.clock.until(() => old.node.status().fault?.code === 'OLD_FOLDER')
    await cluster.closeAll()
  })

  test('another name for a folder is refused', async () => {
    const cluster = new Cluster()
    await cluster.found(1)
    cluster.kill('n1')
    await expect(cluster.start('n1', { id: 'n2' })).rejects.toThrow('belongs to node n1, not to n2: start it with --id n1')
    await expect(cluster.start('n5')).rejects.toThrow('either found a cluster (bootstrap) or join one')
  })
})

test('who is removed hears of it once the leader has it on disk: until then the leader may need that vote again', async () => {
  const cluster = new Cluster()
  const [n1, n2] = await cluster.found(2)
  const removed = n1!.node.membership.remove('n2').catch(() => {})
  const holdsRemoval = ({ disk }: Member) => disk.entries.at(-1)?.type === 'membership' && disk.entries.length > before
  const before = n1!.disk.entries.length
  await cluster.clock.until(() => holdsRemoval(n1!) && holdsRemoval(n2!))
  n1!.disk.mode = 'hangs'
  const { index } = n1!.disk.entries.at(-1)!
  await cluster.clock.run(300)
  expect(n1!.disk.hardState.commit).toBeLessThan(index)
  expect(n2!.node.fault).toBeUndefined()
  cluster.kill('n1')
  await removed
  n1!.disk.mode = 'works'
  const again = await cluster.start('n1')
  await cluster.clock.until(() => again.node.status().membership.voters.join() === 'n1')
  await cluster.set(again, 'a')
  await cluster.closeAll()
})
