import type { Configuration } from './configuration.ts'

/** Of each class of optional steps, how many were used; classes of which none was are left out. Ascending. */
type Used = readonly (readonly [group: number, count: number])[]

/**
 * Configurations that need not be looked at again: the search has been there, or somewhere that allows at least as much. Names are compared
 * in full, so no two are ever taken for one.
 */
export class Seen {
  readonly #seen = new Map<string, Used[]>()
  size = 0

  /** False if it, or one that is as good, was added before. */
  add(configuration: Configuration, frontier: number, state: number): boolean {
    const name = configuration.name(frontier, state)
    const used: [number, number][] = []
    for (const group of configuration.optionalClasses) if (configuration.used[group]! > 0) used.push([group, configuration.used[group]!])
    const others = this.#seen.get(name)
    if (others?.some(other => isWithin(other, used)) === true) return false
    this.size++
    if (others === undefined) this.#seen.set(name, [used])
    else others.push(used)
    return true
  }
}

/** Whoever has used less can still do all that the other can. */
function isWithin(less: Used, more: Used): boolean {
  let at = 0
  for (const [group, count] of less) {
    while (at < more.length && more[at]![0] < group) at++
    if (at === more.length || more[at]![0] !== group || more[at]![1] < count) return false
  }
  return true
}
