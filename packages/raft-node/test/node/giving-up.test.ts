import { describe, expect, test } from 'vitest'
import type { CallOptions } from '../../src/api.ts'
import { Cluster, type Member } from './cluster.ts'
import { Register } from './register.ts'

/** A caller that gives up, or waits for how long it likes; a node that closes under it. */

const calls: Record<string, (member: Member, options: CallOptions) => Promise<unknown>> = {
  apply: ({ node }, options) => node.apply(Register.command('a'), options),
  applyBatch: ({ node }, options) => node.applyBatch([Register.command('a')], options),
  barrier: ({ node }, options) => node.barrier(options),
  'sessions.open': ({ node }, options) => node.sessions.open(options),
  'membership.add': ({ node }, options) => node.membership.add({ id: 'n9', address: 'n9:1' }, options),
  'membership.demote': ({ node }, options) => node.membership.demote('n3', options),
  transferLeadership: ({ node }, options) => node.transferLeadership({ ...options, target: 'n2' }),
  read: ({ node }, options) => node.read(options),
}

describe.each(Object.entries(calls))('%s', (_name, call) => {
  test.each(['n1', 'n2'])('does nothing for a caller who has given up before (on %s, where n1 leads)', async name => {
    const cluster = new Cluster()
    await cluster.found(3)
    const member = cluster.members.get(name)!
    const gone = cluster.clock.outcome(call(member, { signal: AbortSignal.abort() }))
    await expect(gone).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' })
    await cluster.clock.run(500)
    const { leader, membership, members } = member.node.status()
    expect([leader, membership.voters, members.length]).toEqual(['n1', ['n1', 'n2', 'n3'], 3])
    expect(await cluster.get(member)).toEqual([])
    await cluster.closeAll()
  })

  test.each(['n1', 'n2'])('waits for as long as it takes where the caller does (on %s)', async name => {
    const cluster = new Cluster()
    await cluster.found(3)
    await cluster.clock.outcome(call(cluster.members.get(name)!, { timeoutMs: Number.POSITIVE_INFINITY }))
    await cluster.closeAll()
  })

  test.each([Number.NaN, -1, 'soon' as unknown as number])('refuses to wait for %s ms', async timeoutMs => {
    const cluster = new Cluster()
    const [, n2] = await cluster.found(3)
    await expect(cluster.clock.outcome(call(n2!, { timeoutMs }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^timeoutMs cannot be/),
    })
    await cluster.closeAll()
  })
})

test('whoever gives up while leadership moves hears that it still may', async () => {
  const cluster = new Cluster()
  const [n1] = await cluster.found(3)
  for (const other of ['n1:1', 'n3:1']) cluster.network.cut('n2:1', other)
  const controller = new AbortController()
  const moving = n1!.node.transferLeadership({ target: 'n2', signal: controller.signal })
  moving.catch(() => {})
  await cluster.clock.run(20)
  controller.abort()
  await expect(cluster.clock.outcome(moving)).rejects.toMatchObject({
    code: 'ABORTED',
    outcome: 'unknown',
    message: 'leadership has not moved to n2: the caller gave up waiting. It still may: look who leads',
  })
  cluster.network.heal()
  await cluster.closeAll()
})

test('whoever waits when a node closes hears that it has stopped', async () => {
  const cluster = new Cluster()
  await cluster.found(3)
  for (const name of ['n1', 'n2', 'n3']) cluster.kill(name)
  const n1 = await cluster.start('n1') // alone, it has no leader
  const options = { timeoutMs: Number.POSITIVE_INFINITY }
  const waits = [n1.node.waitForApplied(1_000_000, options), n1.node.waitForLeader(options)]
  const outcomes = Promise.allSettled(waits)
  await cluster.clock.outcome(n1.node.close())
  for (const outcome of await cluster.clock.outcome(outcomes)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NODE_STOPPED', outcome: 'not-applied' } })
  }
})
