import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Lab, only, voters } from './lab.ts'

const five = voters('n1', 'n2', 'n3', 'n4', 'n5')

describe('§5.2 leader election', () => {
  test('a node starts as a follower', () => {
    expect(new Lab().raft.role).toBe('follower')
  })

  test('a follower stays one as long as it hears from its leader', () => {
    const lab = new Lab()
    for (let i = 0; i < 50; i++) {
      lab.tick(9)
      lab.hear('heartbeat', { term: 2 })
    }
    expect(lab.raft.status()).toMatchObject({ role: 'follower', leader: 'n2', term: 2 })
  })

  test('without a leader for an election timeout it campaigns: a new term, a vote for itself, and a request to everybody else', () => {
    const lab = new Lab({ membership: five })
    expect(lab.tick(9)).toEqual([])
    const requests = only(lab.tick(), 'requestVote')
    expect(requests.map(({ to }) => to)).toEqual(['n2', 'n3', 'n4', 'n5'])
    expect(requests.every(({ term, lastEntry }) => term === 2 && lastEntry.index === 1 && lastEntry.term === 1)).toBe(true)
    expect(lab.raft.status()).toMatchObject({ role: 'candidate', term: 2, vote: 'n1' })
  })

  test.for<[number, string[], string[], string]>([
    [5, ['n2', 'n3'], [], 'leader'],
    [5, ['n2'], [], 'candidate'],
    [5, ['n2'], ['n3', 'n4'], 'candidate'],
    [5, ['n2'], ['n3', 'n4', 'n5'], 'follower'],
    [5, [], ['n2', 'n3', 'n4'], 'follower'],
    [3, ['n3'], ['n2'], 'leader'],
    [1, [], [], 'leader'],
  ])('of %i voters, with the votes of %j beside its own and %j against it, it is %s', ([count, granted, refused, role]) => {
    const lab = new Lab({ membership: voters(...five.voters.slice(0, count)) })
    lab.raft.campaign()
    lab.work()
    for (const from of granted) lab.hear('voteReply', { from, granted: true })
    for (const from of refused) lab.hear('voteReply', { from, granted: false })
    expect(lab.raft.role).toBe(role)
  })

  test('a vote counts once, however often it arrives', () => {
    const lab = new Lab({ membership: five })
    lab.raft.campaign()
    lab.work()
    for (let i = 0; i < 5; i++) lab.hear('voteReply', { granted: true })
    expect(lab.raft.role).toBe('candidate')
  })

  test('one vote a term, first come, first served', () => {
    const lab = new Lab({ membership: five })
    const granted = ['n3', 'n2', 'n4', 'n3'].map(from => only(lab.hear('requestVote', { from, term: 2 }), 'voteReply')[0]?.granted)
    expect(granted).toEqual([true, false, false, true])
  })

  test.for(['appendEntries', 'heartbeat', 'installSnapshot'] as const)(
    'a candidate that gets %s of its own term follows whoever sent it',
    type => {
      const lab = new Lab()
      lab.raft.campaign()
      lab.hear(type, { from: 'n3' })
      expect(lab.raft.status()).toMatchObject({ role: 'follower', leader: 'n3', term: 2 })
    },
  )

  test('a candidate whose election comes to nothing starts another one, in a new term', () => {
    const lab = new Lab()
    lab.tick(10)
    expect(lab.raft.term).toBe(2)
    lab.tick(10)
    expect(lab.raft.status()).toMatchObject({ role: 'candidate', term: 3 })
  })

  test('a leader asserts itself with heartbeats, and does not campaign', () => {
    const lab = new Lab({ heartbeatTicks: 2 }).lead()
    expect(only(lab.tick(40), 'heartbeat').filter(({ to }) => to === 'n2')).toHaveLength(20)
    expect(lab.raft.status()).toMatchObject({ role: 'leader', term: 2 })
    lab.raft.campaign()
    expect(lab.raft.term).toBe(2)
  })

  test('election timeouts are drawn from one to two times the least, so that split votes are rare', () => {
    const seen = new Set<number>()
    fc.assert(
      fc.property(fc.nat(999), thousandths => {
        const lab = new Lab({ random: () => thousandths / 1000 })
        let ticks = 0
        for (; lab.raft.role === 'follower'; ticks++) lab.raft.tick()
        seen.add(ticks)
        expect(ticks).toBeGreaterThanOrEqual(10)
        expect(ticks).toBeLessThanOrEqual(19)
      }),
    )
    expect(seen.size).toBeGreaterThan(5)
  })

  test('they are drawn anew for every election', () => {
    const draws = [0, 0.9, 0.4, 0.1]
    const lab = new Lab({ random: () => draws.shift() ?? 0 })
    const waits = [1, 2, 3].map(term => {
      let ticks = 0
      for (; lab.raft.term === term; ticks++) lab.raft.tick()
      return ticks
    })
    expect(waits).toEqual([10, 19, 14])
  })

  test('who is not a voter does not campaign', () => {
    for (const membership of [voters('n2', 'n3'), { ...voters('n2', 'n3'), learners: ['n1'] }]) {
      const lab = new Lab({ membership })
      lab.tick(50)
      lab.raft.campaign()
      expect(lab.raft.role).toBe('follower')
    }
  })
})
