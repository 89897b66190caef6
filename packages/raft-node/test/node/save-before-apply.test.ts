import { expect, test } from 'vitest'
import { Cluster } from './cluster.ts'
import { MemoryDisk } from './memory-disk.ts'
import { Register } from './register.ts'

/** Of the disk of a node yet to be started: calls `told` whenever entries begin to be saved. */
function watched(disk: MemoryDisk, told: () => void): MemoryDisk {
  const stores = disk.stores.bind(disk)
  disk.stores = () => {
    const { logStore, snapshotStore } = stores()
    const save = logStore.save.bind(logStore)
    logStore.save = batch => {
      if (batch.entries.length > 0) told()
      return save(batch)
    }
    return { logStore, snapshotStore }
  }
  return disk
}

test('a follower begins to save new entries before it applies those that came to be committed with them', async () => {
  const cluster = new Cluster()
  const seen: string[] = []
  cluster.disks.set(
    'n2',
    watched(new MemoryDisk(cluster.clock), () => seen.push('save')),
  )
  const [n1, n2] = await cluster.found(3)
  await cluster.set(n1!, 'first')
  const [leader, follower] = [n1!.register, n2!.register]
  await cluster.clock.until(() => follower.applied.length === 1)

  const apply = follower.apply.bind(follower)
  follower.apply = command => {
    seen.push('apply')
    return apply(command)
  }
  // The third follows the second at once, so that its entry tells that the second is committed.
  const onLeader = leader.apply.bind(leader)
  let third: Promise<unknown> | undefined
  leader.apply = command => {
    third ??= n1!.node.apply(Register.command('third'))
    return onLeader(command)
  }
  seen.length = 0
  await cluster.set(n1!, 'second')
  await cluster.clock.until(() => follower.applied.length === 3)
  expect(seen).toEqual(['save', 'save', 'apply', 'apply'])
  expect(follower.applied).toEqual(['first', 'second', 'third'])
  await third
  await cluster.closeAll()
})
