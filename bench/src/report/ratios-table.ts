import { decimals, formatSpread } from '../format.ts'
import { ratiosOf, spreadOf } from '../statistics.ts'

/** One load, and what each contender made of it, round by round. */
export type Race = {
  readonly name: string
  readonly ours: readonly number[]
  /** By contender. */
  readonly theirs: ReadonlyMap<string, readonly number[]>
  /** Whether the best has the most, or the least. */
  readonly better: 'more' | 'less'
}

/**
 * Ours to theirs, round by round: what slows the machine for a while slows the neighbours in a round, too. `peers` are those of whom the
 * best counts: in each round whoever was ahead then.
 */
export function ratioRows(title: string, races: readonly Race[], peers: readonly string[]): string[][] {
  const others = [...new Set(races.flatMap(({ theirs }) => [...theirs.keys()]))]
  const hasPeers = others.some(name => peers.includes(name))
  const rows = races.map(race => {
    const { name, ours, theirs } = race
    const cell = (rates: readonly number[] | undefined): string => (rates?.length ? ratioText(ratiosOf(ours, rates)) : '–')
    return [name, ...others.map(other => cell(theirs.get(other))), ...(hasPeers ? [cell(bestOf(race, peers))] : [])]
  })
  return [[title, ...others, ...(hasPeers ? ['the best peer'] : [])], ...rows]
}

function ratioText(ratios: readonly number[]): string {
  const two = decimals(2)
  return ratios.length === 1 ? two(ratios[0]!) : formatSpread(spreadOf(ratios), two)
}

function bestOf({ theirs, better }: Race, peers: readonly string[]): number[] {
  const best = better === 'more' ? Math.max : Math.min
  const all = peers.flatMap(peer => (theirs.has(peer) ? [theirs.get(peer)!] : []))
  const rounds = Math.min(...all.map(({ length }) => length))
  return all.length === 0 ? [] : Array.from({ length: rounds }, (_, at) => best(...all.map(rates => rates[at]!)))
}
