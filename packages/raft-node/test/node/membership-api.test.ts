import { expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

test('a member that an operator has added comes in under the id it got, and becomes a voter by itself', async () => {
  const cluster = new Cluster()
  const [n1, n2] = await cluster.found(2)
  expect(await cluster.clock.outcome(n2!.node.membership.add({ id: 'n3', address: 'n3:1' }))).toBe('n3')
  expect(n1!.node.status().membership.learners).toEqual(['n3'])
  const n3 = await cluster.join('n3', n2!)
  expect(n3.node.identity.nodeId).toBe('n3')
  await cluster.clock.until(() => n1!.node.status().membership.voters.length === 3)
  await cluster.closeAll()
})

test('a member that was never started gets no vote, however it is asked for', async () => {
  const cluster = new Cluster()
  const [n1, n2] = await cluster.found(2)
  const { membership } = n2!.node
  await cluster.clock.outcome(membership.add({ id: 'n3', address: 'n3:1', promote: false }))
  const refusal = { code: 'INVALID_ARGUMENT', outcome: 'not-applied', message: expect.stringContaining('n3 was never started') }
  await expect(cluster.clock.outcome(membership.promote('n3'))).rejects.toMatchObject(refusal)
  await expect(cluster.clock.outcome(membership.change([{ type: 'promote', id: 'n3' }]))).rejects.toMatchObject(refusal)
  await cluster.join('n3', n1!)
  await cluster.clock.outcome(membership.promote('n3'))
  expect(n1!.node.status().membership.voters).toEqual(['n1', 'n2', 'n3'])
  await cluster.closeAll()
})

test('replace and change go through a joint membership, and resolve once that is left', async () => {
  const cluster = new Cluster()
  const [n1, n2] = await cluster.found(3)
  cluster.kill('n3')
  cluster.wipe('n3')
  expect(await cluster.clock.outcome(n2!.node.membership.replace('n3', { id: 'n3', address: 'n3:1' }))).toBe('n3~2')
  expect(n1!.node.status().membership).toMatchObject({ voters: ['n1', 'n2'], outgoing: [], learners: ['n3~2'] })
  await cluster.join('n3', n1!)
  await cluster.clock.until(() => n1!.node.status().membership.voters.length === 3)
  const edits = [
    { type: 'remove', id: 'n2' },
    { type: 'add', id: 'n4', address: 'n4:1', promote: false },
    { type: 'demote', id: 'n3~2' },
  ] as const
  await cluster.clock.outcome(n1!.node.membership.change(edits))
  expect(n1!.node.status().membership).toMatchObject({ voters: ['n1'], outgoing: [], learners: ['n3~2', 'n4'] })
  await cluster.closeAll()
})

test('a change is refused when the membership is another than the caller knew, and when it makes no sense', async () => {
  const cluster = new Cluster()
  const [n1, n2] = await cluster.found(3)
  const ifMembershipIndex = n1!.node.status().membershipIndex
  await cluster.clock.outcome(n1!.node.membership.demote('n3', { ifMembershipIndex }))
  const { change, add, remove } = n2!.node.membership
  const refused = (call: Promise<unknown>, code: string) =>
    expect(cluster.clock.outcome(call)).rejects.toMatchObject({ code, outcome: 'not-applied' })
  await refused(remove('n3', { ifMembershipIndex }), 'MEMBERSHIP_CHANGED')
  await refused(change([]), 'INVALID_ARGUMENT')
  await refused(change([{ type: 'promote', id: 'nobody' }]), 'NOT_A_MEMBER')
  await refused(add({ id: 'n2', address: 'elsewhere:1' }), 'INVALID_ARGUMENT')
  await refused(add({ id: 'n4', address: 'nowhere' }), 'INVALID_ARGUMENT')
  await refused(add({ id: 'n4', address: 'n4\0:1' }), 'INVALID_ARGUMENT')
  await refused(add({ id: 'n4', address: 'n4:1', clientAddress: 'x:1\r\nSet-Cookie: a' }), 'INVALID_ARGUMENT')
  const join = { id: 'n4', address: 'n4:1', clientAddress: 'x:1\r\n', incarnation: 'i', replace: false }
  await refused(n2!.node.membership.join(join), 'INVALID_ARGUMENT')
  // Longer than a snapshot may tell: nobody could be sent one any more.
  const long = 'x'.repeat(600)
  await refused(add({ id: 'n4', address: `${long}:1` }), 'INVALID_ARGUMENT')
  await refused(add({ id: 'n4', address: 'n4:1', clientAddress: long }), 'INVALID_ARGUMENT')
  await refused(n2!.node.membership.join({ ...join, clientAddress: '', incarnation: long }), 'INVALID_ARGUMENT')
  await refused(
    change([
      { type: 'demote', id: 'n1' },
      { type: 'remove', id: 'n2' },
    ]),
    'INVALID_ARGUMENT',
  )
  expect(n1!.node.status().membership).toMatchObject({ voters: ['n1', 'n2'], learners: ['n3'] })
  await cluster.closeAll()
})
