import type { Message } from 'raft-core'
import { describe, expect, test } from 'vitest'
import { Cluster, type Member } from './cluster.ts'
import { Register } from './register.ts'

/** What is open, or was for years, in the trackers of other implementations, on production nodes in virtual time. */

describe('a heartbeat of a later term during an append', () => {
  test('does not raise the term of what is being written', async () => {
    const cluster = new Cluster()
    const [n1, , n3] = await cluster.found(3)
    const term = n1!.node.term
    // Nobody must get to know the entry but by what n1 writes and says of it.
    for (const other of ['n2:1', 'n3:1']) cluster.network.cut('n1:1', other)
    const index = n1!.node.status().last.index + 1
    const write = n1!.node.apply(Register.command('a'), { timeoutMs: 30_000 })
    write.catch(() => {})
    await cluster.clock.run(1)
    expect(n1!.node.status()).toMatchObject({ last: { index, term }, saved: index - 1 }) // in memory, not on disk
    const message: Message = { type: 'heartbeat', from: 'n3', to: 'n1', term: term + 1, commit: 0, readToken: 0 }
    cluster.network.at('n1:1')!.events!.message('n3', message)
    await cluster.clock.run(20)
    expect(n1!.node).toMatchObject({ role: 'follower', term: term + 1 })
    expect(n1!.disk.entries.at(-1)).toMatchObject({ index, term })
    expect(n1!.disk.hardState.term).toBe(term + 1)
    expect(n1!.disk.saves.flatMap(({ entries }) => entries).every(entry => entry.term <= term)).toBe(true)

    cluster.network.heal()
    const next = await cluster.newLeader()
    await cluster.set(next, 'b')
    await cluster.clock.until(() => [...cluster.members.values()].every(({ register }) => register.applied.includes('b')))
    const logs = [...cluster.members.values()].map(({ disk }) => disk.entries.map(entry => `${entry.index}@${entry.term} ${entry.type}`))
    expect(logs[1]).toEqual(logs[0])
    expect(logs[2]).toEqual(logs[0])
    void n3
    await cluster.closeAll()
  })
})

describe('snapshots that are installed again and again', () => {
  test('do not livelock a follower that holds an entry of another term where the snapshot ends', async () => {
    const cluster = new Cluster()
    const options = { snapshotEntries: 10, trailingEntries: 0 }
    const [n1, n2, n3] = await cluster.found(3, options)
    for (const other of ['n2:1', 'n3:1']) cluster.network.cut('n1:1', other)
    // More than the others will have: whatever index their snapshot ends with, n1 holds another entry there.
    const doomed = Array.from({ length: 100 }, (_, at) => n1!.node.apply(Register.command(`doomed ${at}`), { timeoutMs: 60_000 }))
    for (const write of doomed) write.catch(() => {})
    await cluster.clock.until(() => n2!.node.role === 'leader' || n3!.node.role === 'leader')
    const next = n2!.node.role === 'leader' ? n2! : n3!
    for (let at = 0; at < 45; at++) await cluster.set(next, `kept ${at}`)
    await cluster.clock.run(200)
    const { snapshotIndex } = next.node.status()
    const conflicting = n1!.disk.entries.find(({ index }) => index === snapshotIndex)
    expect(conflicting!.term).toBeLessThan(next.node.term)

    cluster.network.heal()
    await cluster.clock.until(() => n1!.register.applied.length === 45, 10_000)
    expect(installs(n1!)).toBe(1)
    await cluster.set(next, 'last')
    await cluster.clock.until(() => n1!.register.applied.at(-1) === 'last')
    await cluster.clock.run(5_000)
    expect(installs(n1!)).toBe(1)
    const outcomes = await cluster.clock.outcome(Promise.allSettled(doomed), 70_000)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    await cluster.closeAll()
  })
})

function installs({ events }: Member): number {
  return events.filter(event => event.type === 'snapshot' && event.cause === 'installed').length
}

describe('a hung disk', () => {
  test('of the leader does not wedge the cluster: another one leads, and the node still answers what it knows', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    n1!.disk.mode = 'hangs'
    n1!.node.apply(Register.command('a'), { timeoutMs: 10_000 }).catch(() => {})
    const hung = cluster.clock.now()
    await cluster.clock.until(() => [...cluster.members.values()].some(({ name, node }) => name !== 'n1' && node.role === 'leader'))
    expect(cluster.clock.now() - hung).toBeLessThan(1_300) // after one election timeout it resigns, and asks another one to lead
    const asked = [n2!, n3!].flatMap(({ events }) => events.flatMap(event => (event.type === 'role' ? [event.role] : [])))
    expect(asked).not.toContain('preCandidate') // nobody has waited for a timeout of its own
    expect(await cluster.set(n2!, 'b')).toMatch(/^b is number/)
    expect(n1!.node.status()).toMatchObject({ role: 'follower', fault: undefined })
    await cluster.clock.outcome(n1!.node.read({ consistency: 'stale' }))
    await cluster.closeAll()
  })

  test('of a follower costs the cluster nothing, and the node comes back to life with its disk', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    n3!.disk.mode = 'hangs'
    const { term } = n1!.node
    for (let at = 0; at < 20; at++) await cluster.set(n2!, `w${at}`)
    await cluster.clock.run(10_000)
    expect(n1!.node).toMatchObject({ role: 'leader', term })
    cluster.kill('n3') // a write that hangs for ever ends with the process only
    n3!.disk.mode = 'works'
    const again = await cluster.start('n3')
    await cluster.clock.until(() => again.register.applied.length === 20)
    await cluster.closeAll()
  })
})

describe('a vote', () => {
  test('is one write: no save holds a new term without the vote that is given in it', async () => {
    const cluster = new Cluster()
    const members = await cluster.found(3)
    for (let election = 0; election < 5; election++) {
      const leader = cluster.leader()
      cluster.kill(leader.name)
      await cluster.newLeader()
      await cluster.start(leader.name)
      await cluster.clock.run(2_000)
    }
    let votes = 0
    for (const { disk } of members) {
      const ballots = disk.saves.flatMap(({ hardState }) => (hardState === undefined ? [] : [hardState]))
      for (const { term, vote } of ballots.filter(ballot => ballot.vote !== undefined)) {
        votes += 1
        expect(ballots.find(ballot => ballot.term === term)).toMatchObject({ term, vote })
      }
    }
    expect(votes).toBeGreaterThanOrEqual(10)
    await cluster.closeAll()
  })
})
