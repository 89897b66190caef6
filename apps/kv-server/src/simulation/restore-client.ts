import type { Attended } from 'raft-sim'
import type { CommandResult, Pair } from '../store/command.ts'
import { encodeCommand } from '../store/command-codec.ts'
import { drawPairs } from './workload.ts'

type Command = Parameters<typeof encodeCommand>[0]

/** Long, so that snapshots, crashes and other restores come between two parts of one. Milliseconds. */
const pauseMs = { between: 200, before: 2_500 }
const patienceMs = 2_000

/** Replaces all keys now and then, part by part as `PUT /v1/snapshot` does, beside each node. */
export class RestoreClient {
  readonly #attended: Attended<CommandResult>
  #timer: { cancel(): void } | undefined
  #isStopped = false

  constructor(attended: Attended<CommandResult>) {
    this.#attended = attended
    void this.#again()
  }

  cancel(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #again(): Promise<void> {
    while (!this.#isStopped) {
      await this.#pause(pauseMs.before)
      if (!this.#attended.isQuiet()) await this.#restore()
    }
  }

  /** Gives up where an answer is missing: whoever has begun meanwhile goes on. */
  async #restore(): Promise<void> {
    const { random } = this.#attended
    const begun = await this.#apply({ type: 'restoreBegin' })
    if (begun?.type !== 'done') return
    const restore = begun.revision
    const staged = new Map<string, string>()
    for (let parts = random.between(1, 3); parts > 0; parts--) {
      const pairs: readonly Pair[] = drawPairs(random, restore)
      const result = await this.#apply({ type: 'restoreItems', restore, pairs })
      if (result?.type !== 'done') return
      for (const [key, value] of pairs) staged.set(key, value)
      await this.#pause(pauseMs.between)
    }
    const isMiscounted = random.chance(0.1)
    const count = isMiscounted ? staged.size + 1 : staged.size
    const result = await this.#apply({ type: 'restoreCommit', restore, count })
    if (result?.type === 'done' && isMiscounted) this.#attended.broken(`a restore of ${count} keys took place with ${staged.size} of them`)
  }

  async #apply(command: Command): Promise<CommandResult | undefined> {
    if (this.#isStopped) return undefined
    try {
      return (await this.#attended.node.apply(encodeCommand(command), { timeoutMs: patienceMs })).result
    } catch {
      return undefined // whether it was done or not
    }
  }

  async #pause(msMax: number): Promise<void> {
    if (this.#isStopped) return // an answer came after the end
    const { clock, random } = this.#attended
    return new Promise(resolve => {
      this.#timer = clock.after(random.between(1, msMax), resolve)
    })
  }
}
