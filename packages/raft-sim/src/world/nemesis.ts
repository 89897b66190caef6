import type { NodeId } from 'raft-core'
import type { Range } from '../faults.ts'
import type { Random } from '../random.ts'
import type { SimNode } from './node.ts'
import type { World } from './world.ts'

export type Hears = (from: NodeId, to: NodeId) => boolean

/** Makes happen what the scenario says may go wrong with machines and links, until the world is healed. */
export function unleash(world: World): void {
  const random = world.random.fork('nemesis')
  const { partition, leaderWithFew, crash, pause, crashAtSaveRate } = world.faults
  if (partition) recur(world, random, partition.everyMs, () => cutNetwork(world, random, partition.lastsMs))
  if (leaderWithFew) {
    const chance = world.random.fork('leader with few')
    recur(world, chance, leaderWithFew.everyMs, () => leaveFewWithLeader(world, chance, leaderWithFew.lastsMs))
  }
  if (crash) recur(world, random, crash.everyMs, () => crashSome(world, random, crash.lastsMs))
  if (pause) recur(world, random, pause.everyMs, () => pauseOne(world, random, pause.lastsMs))
  if (crashAtSaveRate === 0) return
  const soon: Range = [1, world.scenario.timeoutMs]
  world.onSaved = node => {
    if (!world.healed && random.chance(crashAtSaveRate)) world.schedule.after(0, () => crashOne(world, random, node, soon))
  }
}

/** Again and again at random times, on average every `everyMs`. */
export function recur(world: World, random: Random, everyMs: number, act: () => void): void {
  world.schedule.after(random.wait(everyMs), () => {
    if (world.healed) return
    act()
    recur(world, random, everyMs, act)
  })
}

function duration(random: Random, [low, high]: Range): number {
  return low + (high - low) * random.next() ** 2
}

function crashSome(world: World, random: Random, lastsMs: Range): void {
  const up = [...world.nodes.values()].filter(node => node.isUp)
  if (up.length === 0) return
  const leader = world.leader()
  const all = random.chance(world.faults.crashAllRate)
  const victims = all ? up : [leader !== undefined && random.chance(0.4) ? leader : random.pick(up)]
  for (const node of victims) crashOne(world, random, node, lastsMs)
}

function crashOne(world: World, random: Random, node: SimNode, lastsMs: Range): void {
  if (!node.isUp) return
  node.crash()
  world.coverage.saw('crash')
  world.schedule.after(duration(random, lastsMs), () => restart(world, node))
}

function restart(world: World, node: SimNode): void {
  if (node.isUp || node.retired) return
  world.coverage.saw('restart')
  node.start()
}

function pauseOne(world: World, random: Random, lastsMs: Range): void {
  const up = world.up()
  if (up.length === 0) return
  const leader = world.leader()
  const node = leader !== undefined && random.chance(0.4) ? leader : random.pick(up)
  node.pause()
  world.coverage.saw('pause')
  world.schedule.after(duration(random, lastsMs), () => {
    if (node.isUp && node.paused) node.resume()
  })
}

function cutNetwork(world: World, random: Random, lastsMs: Range): void {
  const ids = [...world.nodes.keys()]
  const shape = random.pick(shapes)
  const hears = shape.make(random, ids, world.leader()?.id ?? random.pick(ids))
  world.event('fault', ids.length, () => `partition: ${shape.name} ${showGroups(ids, hears)}`)
  world.network.partition(ids, hears)
  world.schedule.after(duration(random, lastsMs), () => {
    if (!world.healed) world.network.reconnect()
  })
}

/** All links between the leader with less than a majority of voters, and the others. */
function leaveFewWithLeader(world: World, random: Random, lastsMs: Range): void {
  const leader = world.leader()
  if (leader === undefined) return
  const others = leader.ghost.membership.voters.filter(id => id !== leader.id)
  const few = new Set([leader.id, ...random.shuffled(others).slice(0, random.between(1, Math.max(1, (others.length >> 1) - 1)))])
  const ids = [...world.nodes.keys()]
  const hears: Hears = (from, to) => few.has(from) === few.has(to)
  world.event('fault', ids.length, () => `partition: leader with too few ${showGroups(ids, hears)}`)
  world.network.partition(ids, hears)
  world.schedule.after(duration(random, lastsMs), () => {
    if (!world.healed) world.network.reconnect()
  })
}

/** How links can fail. One-way cuts and bridges are what simple majority reasoning gets wrong (Cloudflare, 2020). */
export const shapes: readonly { readonly name: string; make(random: Random, ids: readonly NodeId[], leader: NodeId): Hears }[] = [
  {
    name: 'two halves',
    make(random, ids) {
      const left = new Set(ids.filter(() => random.chance(0.5)))
      return (from, to) => left.has(from) === left.has(to)
    },
  },
  {
    name: 'one alone',
    make(random, ids) {
      const alone = random.pick(ids)
      return (from, to) => from !== alone && to !== alone
    },
  },
  { name: 'leader alone', make: (_random, _ids, leader) => (from, to) => from !== leader && to !== leader },
  { name: 'leader is deaf', make: (_random, _ids, leader) => (_from, to) => to !== leader },
  { name: 'leader is mute', make: (_random, _ids, leader) => from => from !== leader },
  {
    name: 'one way',
    make(random, ids) {
      const left = new Set(ids.filter(() => random.chance(0.5)))
      return (from, to) => left.has(from) || !left.has(to)
    },
  },
  {
    name: 'bridge',
    make(random, ids) {
      const bridge = random.pick(ids)
      const left = new Set(ids.filter(() => random.chance(0.5)))
      return (from, to) => from === bridge || to === bridge || left.has(from) === left.has(to)
    },
  },
  {
    name: 'some links',
    make(random, ids) {
      const cut = new Set<string>()
      for (const from of ids) for (const to of ids) if (random.chance(0.4)) cut.add(`${from}>${to}`)
      return (from, to) => !cut.has(`${from}>${to}`)
    },
  },
]

export function showGroups(ids: readonly NodeId[], hears: Hears): string {
  return ids.map(to => `${to}←(${ids.filter(from => from !== to && hears(from, to)).join(' ')})`).join(' ')
}
