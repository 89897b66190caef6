import type { Range } from '../faults.ts'
import type { Random } from '../random.ts'
import { shapes, showGroups } from '../world/nemesis.ts'
import type { Machine } from './machine.ts'
import type { NodeWorld } from './world.ts'

/** Makes happen what the scenario says may go wrong with machines and links, until the world is healed. */
export function unleash<Result>(world: NodeWorld<Result>): void {
  const random = world.random.fork('nemesis')
  const { partition, slowLinks, hang, fullDisk, failingDiskMs, crash, pause, stall } = world.faults
  if (partition) recur(world, random, partition.everyMs, () => cutNetwork(world, random, partition.lastsMs))
  if (slowLinks) recur(world, random, slowLinks.everyMs, () => slowDown(world, random, slowLinks.lastsMs))
  if (hang) recur(world, random, hang.everyMs, () => hangDisk(world, random, hang.lastsMs))
  if (fullDisk) recur(world, random, fullDisk.everyMs, () => fillDisks(world, random, fullDisk.lastsMs))
  if (failingDiskMs) recur(world, random, failingDiskMs, () => failDisk(world, random))
  if (crash) recur(world, random, crash.everyMs, () => crashSome(world, random, crash.lastsMs))
  if (pause) recur(world, random, pause.everyMs, () => pauseOne(world, random, pause.lastsMs))
  if (stall) recur(world, random, stall.everyMs, () => stallOne(world, random, stall.lastsMs))
}

/** Again and again at random times, on average every `everyMs`. */
export function recur<Result>(world: NodeWorld<Result>, random: Random, everyMs: number, act: () => void): void {
  world.schedule.after(random.wait(everyMs), () => {
    if (world.healed) return
    act()
    recur(world, random, everyMs, act)
  })
}

export function duration(random: Random, [low, high]: Range): number {
  return low + (high - low) * random.next() ** 2
}

function victim<Result>(world: NodeWorld<Result>, random: Random): Machine<Result> | undefined {
  const on = world.machines.filter(machine => machine.state !== 'down')
  const leader = world.leader()
  if (on.length === 0) return undefined
  return leader !== undefined && random.chance(0.4) ? leader : random.pick(on)
}

function crashSome<Result>(world: NodeWorld<Result>, random: Random, lastsMs: Range): void {
  const one = victim(world, random)
  if (one === undefined) return
  const all = random.chance(world.faults.crashAllRate)
  const victims = all ? world.machines.filter(machine => machine.state !== 'down') : [one]
  for (const machine of victims) {
    machine.crash(random.chance(world.faults.powerCutRate) ? 'power cut' : 'kill')
    world.schedule.after(duration(random, lastsMs), () => machine.start())
  }
}

function pauseOne<Result>(world: NodeWorld<Result>, random: Random, lastsMs: Range): void {
  const machine = victim(world, random)
  if (machine === undefined) return
  const { process } = machine
  machine.stop()
  world.schedule.after(duration(random, lastsMs), () => {
    if (machine.process === process) machine.resume()
  })
}

/** Something long-winded holds up the event loop: timers and sockets wait. */
function stallOne<Result>(world: NodeWorld<Result>, random: Random, lastsMs: Range): void {
  const { process } = victim(world, random) ?? {}
  const ms = duration(random, lastsMs)
  process?.enter(() => process.work(ms))
}

function hangDisk<Result>(world: NodeWorld<Result>, random: Random, lastsMs: Range): void {
  const machine = victim(world, random)
  if (machine === undefined) return
  const ms = duration(random, lastsMs)
  world.event('fault', machine.number, () => `the disk of ${machine.id} is slow for ${Math.round(ms)} ms`)
  machine.hangsUntil = world.now + ms
  world.coverage.saw('slow disk')
}

/** Somebody else's files come, and later go. Nodes that have just started, and have no reserve yet, are spared. */
function fillDisks<Result>(world: NodeWorld<Result>, random: Random, lastsMs: Range): void {
  const one = victim(world, random)
  const { space } = world.scenario
  if (one === undefined || space === undefined) return
  const victims = random.chance(0.3) ? world.machines : [one]
  for (const { disk, id, number } of victims) {
    if (disk.room < Number.POSITIVE_INFINITY || disk.reserved < space.reserveBytes) continue
    const left = random.chance(0.5) ? 0 : random.below(2 * (space.minFreeBytes + space.reserveBytes))
    world.event('fault', number, () => `the disk of ${id} has room for ${left} bytes`)
    world.coverage.saw('full disk')
    disk.room = left
    world.schedule.after(duration(random, lastsMs), () => {
      disk.room = Number.POSITIVE_INFINITY
    })
  }
}

function failDisk<Result>(world: NodeWorld<Result>, random: Random): void {
  const machine = victim(world, random)
  if (machine === undefined) return
  const what = random.chance(0.7) ? 'sync' : 'write'
  world.event('fault', machine.number, () => `the next ${what} on the disk of ${machine.id} fails`)
  world.coverage.saw('failing disk')
  machine.disk.failsNext = what
}

function cutNetwork<Result>(world: NodeWorld<Result>, random: Random, lastsMs: Range): void {
  const hosts = world.machines.map(({ id }) => id)
  const shape = random.pick(shapes)
  const hears = shape.make(random, hosts, world.leader()?.id ?? random.pick(hosts))
  world.event('fault', hosts.length, () => `partition: ${shape.name} ${showGroups(hosts, hears)}`)
  world.network.partition(hosts, hears)
  world.schedule.after(duration(random, lastsMs), () => {
    if (!world.healed) world.network.reconnect()
  })
}

function slowDown<Result>(world: NodeWorld<Result>, random: Random, lastsMs: Range): void {
  const hosts = world.machines.map(({ id }) => id)
  const links = hosts.flatMap(from => hosts.map(to => `${from}>${to}`)).filter(() => random.chance(0.3))
  world.event('fault', links.length, () => `slow links: ${links.join(' ')}`)
  world.network.slowDown(links)
  world.schedule.after(duration(random, lastsMs), () => world.network.slowDown([]))
}
