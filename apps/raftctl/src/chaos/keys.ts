import type { Random } from 'raft-sim'

/** So many keys are in use at once: few enough for clients to meet. */
const liveKeys = 5
/** After so many operations a key is given up for a new one: whether its history can be explained is then decided in little time. */
const operationsPerKey = 150

/** Which keys clients use. */
export class Keys {
  readonly #live = Array.from({ length: liveKeys }, (_, slot) => ({ slot, generation: 0, left: operationsPerKey }))

  next(random: Random): string {
    const key = random.pick(this.#live)
    if (key.left === 0) {
      key.generation += 1
      key.left = operationsPerKey
    }
    key.left -= 1
    return nameOf(key)
  }

  get live(): readonly string[] {
    return this.#live.map(nameOf)
  }
}

function nameOf({ slot, generation }: { readonly slot: number; readonly generation: number }): string {
  return `chaos-${slot}-${generation}`
}
