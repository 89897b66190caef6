import type { Attended, Random } from 'raft-sim'
import type { CommandResult } from '../store/command.ts'
import { encodeCommand } from '../store/command-codec.ts'

/** Who believes to hold the lock, and until when, by a time that no clock shows. One for all clients of a run. */
export class Beliefs {
  #holder: { readonly client: object; until: number } | undefined
  #token = 0

  /** @returns what is wrong, if something is. */
  holds(client: object, token: number, now: number, until: number): string | undefined {
    const other = this.#holder
    if (other !== undefined && other.client !== client && now < other.until) {
      return `two clients hold the lock: one until ${Math.round(other.until)}, another since ${Math.round(now)}`
    }
    if (token < this.#token) return `the lock is held with token ${token}, and was with ${this.#token} before`
    this.#token = token
    this.#holder = { client, until }
    return undefined
  }

  ends(client: object): void {
    if (this.#holder?.client === client) this.#holder = undefined
  }
}

/** Clocks run at 1 ± 0.2: a lease of the fastest leader lives 1 / 1.2 of its time. */
const sureShare = 0.8

/** Takes the lock for a lease, keeps the lease alive for some time, and lets go, or just stops: as a service would beside each node. */
export class LockClient {
  readonly #attended: Attended<CommandResult>
  readonly #beliefs: Beliefs
  readonly #random: Random
  readonly #ttlMs: number
  #lease: number | undefined
  /** The lease lives until then, by a time that no clock shows. */
  #until = 0
  #isStopped = false

  constructor(attended: Attended<CommandResult>, beliefs: Beliefs) {
    this.#attended = attended
    this.#beliefs = beliefs
    this.#random = attended.random
    this.#ttlMs = this.#random.pick([1_000, 2_000, 4_000])
    this.#again()
  }

  stop(): void {
    this.#isStopped = true
  }

  #again(): void {
    if (this.#isStopped) return
    this.#timer = this.#attended.clock.after(this.#ttlMs / 4, () => {
      void this.#act().then(() => this.#again())
    })
  }
  #timer: { cancel(): void } | undefined

  cancel(): void {
    this.stop()
    this.#timer?.cancel()
  }

  async #act(): Promise<void> {
    if (this.#attended.isQuiet()) return
    if (this.#lease === undefined) return this.#renew({ type: 'grant', ttlMs: this.#ttlMs })
    const lease = this.#lease
    if (this.#random.chance(0.1)) {
      this.#beliefs.ends(this)
      await this.#apply({ type: 'unlock', name: 'the lock', lease })
      return
    }
    if (this.#random.chance(0.05)) {
      this.#lease = undefined // it runs out by itself
      return
    }
    await this.#renew({ type: 'keepAlive', lease })
    const result = await this.#apply({ type: 'lock', name: 'the lock', lease, value: '' })
    const now = this.#attended.now()
    if (result?.type !== 'lock' || result.token === 0 || now >= this.#until || this.#lease !== lease) return
    const wrong = this.#beliefs.holds(this, result.token, now, this.#until)
    if (wrong !== undefined) this.#attended.broken(wrong)
  }

  async #renew(command: { type: 'grant'; ttlMs: number } | { type: 'keepAlive'; lease: number }): Promise<void> {
    const sent = this.#attended.now()
    const result = await this.#apply(command)
    if (result?.type === 'lease') {
      this.#lease = result.lease
      this.#until = sent + this.#ttlMs * sureShare
    } else if (result?.type === 'refused') this.#lease = undefined
  }

  async #apply(command: Parameters<typeof encodeCommand>[0]): Promise<CommandResult | undefined> {
    try {
      return (await this.#attended.node.apply(encodeCommand(command), { timeoutMs: this.#ttlMs })).result
    } catch {
      return undefined // whether it was done or not: the next round asks again
    }
  }
}
