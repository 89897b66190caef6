import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from 'raft-sim'
import type { Cluster } from './cluster.ts'
import type { Fault, Planned } from './faults.ts'

export type ActiveFault = { readonly name: string; readonly what: string; readonly begunMs: number; readonly endMs: number }
export type FaultEvent = { readonly atMs: number; readonly what: string; readonly kind: 'begun' | 'healed' | 'ended by itself' }
export type NemesisSummary = {
  /** How often each kind was injected. */
  readonly injected: Readonly<Record<string, number>>
  /** So many faults at once at the worst moment. */
  readonly overlapping: number
}

type Options = {
  readonly cluster: Cluster
  readonly faults: readonly Fault[]
  readonly random: Random
  readonly signal: AbortSignal
  readonly onEvent: (event: FaultEvent) => void
}

/** In a storm so many faults are in force at once, as far as they find somebody to hit; between storms a few. */
const stormFaults = 7
const stormMs = { low: 3_000, high: 8_000 }
const lullMs = { low: 6_000, high: 12_000 }
/** Who went down by itself (a failing disk stops a node) comes back after this. */
const reviveMs = 1_000

/** Injects faults until told to stop: now and then one, in storms as many as there is room for; and heals each after its time. */
export class Nemesis {
  readonly #options: Options
  readonly #active = new Map<Planned, ActiveFault>()
  readonly #claimed = new Set<string>()
  readonly #injected: Record<string, number> = {}
  readonly #healing = new Set<Promise<void>>()
  readonly #began = performance.now()
  #overlapping = 0

  constructor(options: Options) {
    this.#options = options
  }

  get active(): readonly ActiveFault[] {
    return [...this.#active.values()]
  }

  get summary(): NemesisSummary {
    return { injected: { ...this.#injected }, overlapping: this.#overlapping }
  }

  /** Resolves once the signal has come and everything is healed. */
  async run(): Promise<void> {
    const { random, signal } = this.#options
    let storm = false
    let until = this.#ms() + random.between(lullMs.low, lullMs.high)
    let next = 0
    while (!signal.aborted) {
      await sleep(50)
      this.#healWhatIsDue()
      this.#revive()
      if (this.#ms() > until) {
        storm = !storm
        const { low, high } = storm ? stormMs : lullMs
        until = this.#ms() + random.between(low, high)
      }
      if (this.#ms() < next || this.#active.size >= (storm ? stormFaults : 2)) continue
      await this.#inject(until, storm)
      next = this.#ms() + random.wait(storm ? 100 : 1_500)
    }
    for (const planned of [...this.#active.keys()]) this.#heal(planned)
    await Promise.all(this.#healing)
  }

  async #inject(until: number, storm: boolean): Promise<void> {
    const { faults, cluster, random } = this.#options
    const fault = random.pick(faults)
    const planned = fault.plan(cluster, random)
    if (planned.claims.some(claim => this.#claimed.has(claim))) return
    for (const claim of planned.claims) this.#claimed.add(claim)
    const now = this.#ms()
    const endMs = storm ? Math.max(until, now + 500) : now + random.spread(300, 6_000)
    this.#active.set(planned, { name: fault.name, what: planned.what, begunMs: now, endMs })
    this.#injected[fault.name] = (this.#injected[fault.name] ?? 0) + 1
    this.#overlapping = Math.max(this.#overlapping, this.#active.size)
    this.#say('begun', planned.what)
    await planned.begin()
  }

  #healWhatIsDue(): void {
    const now = this.#ms()
    for (const [planned, { endMs }] of this.#active) if (endMs <= now) this.#heal(planned)
  }

  #heal(planned: Planned): void {
    if (!this.#active.delete(planned)) return
    const work = (async () => {
      try {
        await planned.heal()
      } catch {
        // A node that does not come up now is started again until it does, or until the final check says that it did not.
      }
      for (const claim of planned.claims) this.#claimed.delete(claim)
      this.#say('healed', planned.what)
    })()
    this.#healing.add(work)
    void work.finally(() => this.#healing.delete(work))
  }

  /** A node whose flush fails stops for good: that is right, and it takes an operator, with a disk that works, to start it again. */
  #revive(): void {
    const { cluster } = this.#options
    for (const node of cluster.nodes) {
      const claim = `process of ${node.id}`
      if (node.state !== 'down' || this.#claimed.has(claim)) continue
      this.#claimed.add(claim)
      this.#say('ended by itself', `${node.id}: ${node.lastWords}`)
      const work = (async () => {
        await cluster.network.reachable(node.id, false)
        await sleep(reviveMs)
        await cluster.start(node).catch(() => undefined)
        this.#claimed.delete(claim)
      })()
      this.#healing.add(work)
      void work.finally(() => this.#healing.delete(work))
    }
  }

  #say(kind: FaultEvent['kind'], what: string): void {
    this.#options.onEvent({ atMs: this.#ms(), what, kind })
  }

  #ms(): number {
    return performance.now() - this.#began
  }
}
