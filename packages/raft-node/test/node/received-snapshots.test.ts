import { noMembers } from 'raft-core'
import { expect, test } from 'vitest'
import { Snapshotter } from '../../src/snapshotter.ts'
import { MemoryDisk } from './memory-disk.ts'
import { VirtualClock } from './virtual-clock.ts'

/**
 * A follower may get two more snapshots while it still restores the first, and never take them over, since its log has grown past them
 * meanwhile. Its log begins after the first: that is the one it must send, should it lead.
 */
test('a snapshot that a node has taken over stays, however many newer ones have come since', async () => {
  const clock = new VirtualClock()
  const disk = new MemoryDisk(clock)
  const { snapshotStore } = disk.stores()
  const held = () => disk.snapshots.map(({ meta }) => meta.index)
  const failures: unknown[] = []
  const parts = { snapshotStore, hasRoomFor: () => true } as unknown as ConstructorParameters<typeof Snapshotter>[0]
  const on = { begins() {}, taken() {}, missed() {}, failed: (error: unknown) => failures.push(error) }
  const snapshots = new Snapshotter(parts, { index: 20, size: 1 }, on)
  const come = (index: number) => {
    const meta = { term: 1, index, membership: noMembers, membershipIndex: 1, members: [], chain: 0, size: 0, checksum: 0 }
    return clock.outcome(snapshots.receive(meta, nothing()))
  }

  for (const index of [10, 20]) await come(index)
  const first = await come(30)
  for (const index of [40, 50]) await come(index)
  snapshots.installed(first)
  await clock.outcome(snapshots.stop())
  expect(held()).toEqual([20, 30, 40, 50])
  expect(failures).toEqual([])
})

async function* nothing(): AsyncGenerator<Uint8Array> {}
