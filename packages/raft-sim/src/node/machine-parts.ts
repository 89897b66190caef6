import type { Message } from 'raft-core'
import type { Transport } from 'raft-node'
import type { Random } from '../random.ts'
import type { SimClock } from './clock.ts'
import { Disk, type DiskContents, dataFolder, isSave } from './disk.ts'
import type { Machine } from './machine.ts'
import type { Process } from './process.ts'
import { SimTransport } from './transport.ts'
import type { NodeWorld } from './world.ts'

/** A disk for this machine, empty unless it is said what lies on it. */
export function diskFor<Result>(world: NodeWorld<Result>, machine: Machine<Result>, random: Random, contents?: DiskContents): Disk {
  const { schedule } = world
  const between = ([low, high]: readonly [number, number]) => low + (high - low) * random.next() ** 2
  const hang = (ms: number) => (machine.hangsUntil > schedule.now ? ms + (machine.hangsUntil - schedule.now) * random.next() : ms)
  const disk = new Disk({
    contents,
    schedule,
    random,
    times: {
      cached: () => between(world.faults.cachedMs),
      sync: () => {
        const { syncMs, slowSyncRate, slowSyncMs } = world.faults
        const slow = slowSyncRate > 0 && random.chance(slowSyncRate) ? slowSyncMs * random.next() : 0
        return hang(between(syncMs) + slow)
      },
    },
    done: (what, process) => {
      const kind = isSave(what) ? 'saved' : 'disk'
      if (process === machine.process || kind === 'saved') {
        world.journal.record(kind, schedule.now, machine, what.length, 0, () => what)
      }
    },
  })
  disk.files.makeFolder(dataFolder)
  return disk
}

/** `sent`: hears of every message that leaves. */
export function transportFor<Result>(
  world: NodeWorld<Result>,
  { address, id }: Machine<Result>,
  process: Process,
  clock: SimClock,
  sent: (message: Message) => void,
): Transport {
  const { network, scenario, plant, coverage, oldFolders } = world
  const { timeoutMs, maxQueue, chunkBytes } = scenario
  const transport = new SimTransport({
    network,
    process,
    clock,
    listen: address,
    handshakeMs: 5 * timeoutMs,
    redialMs: timeoutMs / 20,
    maxRedialMs: 2 * timeoutMs,
    maxQueue,
    chunkBytes,
    sent: message => {
      world.check(() => oldFolders.says(id, message))
      sent(message)
    },
    resumed: () => coverage.saw('resumed transfer'),
  })
  return plant.transport?.(transport, id) ?? transport
}
