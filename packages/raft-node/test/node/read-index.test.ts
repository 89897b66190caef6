import type { Raft } from 'raft-core'
import { expect, test } from 'vitest'
import { Reads } from '../../src/reads.ts'
import { deadlineFor } from '../../src/wait.ts'
import { Cluster } from './cluster.ts'
import { Register } from './register.ts'
import { VirtualClock } from './virtual-clock.ts'

test('a read index covers all that was acknowledged before, on whichever member, and takes a quorum', async () => {
  const cluster = new Cluster()
  const members = await cluster.found(3)
  const [n1, n2] = members
  const { index } = await cluster.clock.outcome(n1!.node.apply(Register.command('a')))
  for (const { node } of members) expect(await cluster.clock.outcome(node.readIndex())).toBeGreaterThanOrEqual(index)
  for (const name of ['n1', 'n3']) cluster.kill(name)
  await expect(cluster.clock.outcome(n2!.node.readIndex({ timeoutMs: 100 }))).rejects.toMatchObject({ outcome: 'not-applied' })
  await expect(n2!.node.readIndex({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  await cluster.clock.outcome(n2!.node.close())
})

test('it is told at once, while a read waits until so much is applied', async () => {
  const contexts: string[] = []
  const read = (context: string) => ({ accepted: contexts.push(context) > 0 })
  const raft = { leader: 'n1', read } as unknown as Raft
  let applied = 3
  const reads = new Reads(
    raft,
    new VirtualClock(),
    () => applied,
    () => true,
  )
  const deadline = deadlineFor(new VirtualClock())
  const told: string[] = []
  void reads.add(deadline, 'index').then(index => told.push(`index ${index}`))
  void reads.add(deadline, 'read').then(index => told.push(`read at ${index}`))
  reads.ask()
  expect(contexts.length).toBe(1)
  reads.answered([{ context: contexts[0]!, index: 5 }])
  await Promise.resolve()
  expect(told).toEqual(['index 5'])
  applied = 6
  reads.release()
  await Promise.resolve()
  expect(told).toEqual(['index 5', 'read at 6'])
})
