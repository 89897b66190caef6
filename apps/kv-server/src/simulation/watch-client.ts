import type { Attended } from 'raft-sim'
import type { CommandResult } from '../store/command.ts'
import type { KvStore } from '../store/kv-store.ts'

const everyMs = 200

/** What watchers of one cluster were told, by revision: whichever node they asked, and however often they changed to another. */
export class Told {
  readonly #changes = new Map<number, string>()
  /** Where the one watcher is that goes from node to node. */
  position = 0

  /** Everything of a node's history from the position on. @returns what is wrong, if something is. */
  follow({ history }: KvStore): string | undefined {
    if (this.position < history.forgottenUpTo) {
      this.position = history.forgottenUpTo
      return undefined
    }
    let expected = this.#knownAfter(this.position, history.last)
    for (let next = history.next(this.position); next !== undefined; next = history.next(this.position)) {
      const text = JSON.stringify(next.changes)
      const known = this.#changes.get(next.revision)
      if (known !== undefined && known !== text) return `revision ${next.revision} is told as ${text}, and was told as ${known}`
      if (next.revision <= this.position) return `revision ${next.revision} is told after ${this.position}`
      this.#changes.set(next.revision, text)
      this.position = next.revision
      expected = expected.filter(revision => revision !== next?.revision)
    }
    if (expected.length > 0) return `revision ${expected[0]} is not told, and was by another node`
    this.position = Math.max(this.position, history.last)
    // Now and then from the beginning, where another node may remember less or more.
    return undefined
  }

  #knownAfter(position: number, last: number): number[] {
    return [...this.#changes.keys()].filter(revision => revision > position && revision <= last)
  }
}

/** Watches beside a node, from wherever the watcher before it stopped, or from some time before. */
export function watchBeside({ clock, random, broken }: Attended<CommandResult>, store: KvStore, told: Told): () => void {
  let timer: { cancel(): void } | undefined
  const again = () => {
    timer = clock.after(everyMs, () => {
      if (random.chance(0.3)) told.position = Math.max(0, told.position - random.between(1, 50))
      const wrong = told.follow(store)
      if (wrong !== undefined) broken(`watch: ${wrong}`)
      again()
    })
  }
  again()
  return () => timer?.cancel()
}
