import type { Coverage } from './coverage.ts'
import type { Random } from './random.ts'

type Member = { readonly id: string; readonly number: number }

/** What a world of cores and one of nodes have in common here. */
type Surroundings = {
  readonly random: Random
  readonly coverage: Coverage
  readonly network: { partition(ids: readonly string[], hears: (from: string, to: string) => boolean): void }
  event(kind: 'fault', what: number, text: () => string): void
}

type Breaking<One extends Member> = {
  readonly members: readonly One[]
  /** Whether those who recover can go on by themselves. */
  readonly isQuorum: (has: (id: string) => boolean) => boolean
  /** For ever. Also of one that is down already. */
  readonly switchOff: (member: One) => void
}

/**
 * Liveness in its harder form (§3.14): in most of the runs for which this is asked only a quorum recovers, drawn at random, and the others
 * stay broken for ever, switched off or cut off from everybody. Returns who stays broken.
 */
export function brokenForEver<One extends Member>(world: Surroundings, breaking: Breaking<One>): ReadonlySet<string> {
  const { members, isQuorum, switchOff } = breaking
  const random = world.random.fork('core form')
  if (!random.chance(0.7)) return new Set()
  const healthy = new Set<string>()
  for (const { id } of random.shuffled(members)) {
    if (!isQuorum(member => healthy.has(member)) || random.chance(0.2)) healthy.add(id)
  }
  const broken = members.filter(({ id }) => !healthy.has(id))
  if (broken.length === 0) return new Set()
  world.coverage.saw('only a quorum healed')
  const isOff = random.chance(0.5)
  for (const member of broken) {
    world.event('fault', member.number, () => `${member.id} stays ${isOff ? 'switched off' : 'cut off'} for ever`)
    if (isOff) switchOff(member)
  }
  if (!isOff) {
    const ids = members.map(({ id }) => id)
    world.network.partition(ids, (from, to) => healthy.has(from) && healthy.has(to))
  }
  return new Set(broken.map(({ id }) => id))
}
