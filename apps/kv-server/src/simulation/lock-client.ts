import type { Attended, Random } from 'raft-sim'
import type { CommandResult } from '../store/command.ts'
import { decodeCommand, encodeCommand } from '../store/command-codec.ts'
import { KvStore } from '../store/kv-store.ts'

/** A store that remembers which leases it ended because somebody asked for it. */
export class RevokedStore extends KvStore {
  readonly revoked = new Set<number>()

  override apply(bytes: Uint8Array, index: number): CommandResult {
    const result = super.apply(bytes, index)
    if (result.type !== 'done') return result
    const command = decodeCommand(bytes)
    if (command.type === 'revoke') this.revoked.add(command.lease)
    return result
  }
}

type Belief = { readonly client: object; readonly lease: number; readonly until: number }

/** Who believes to hold the lock, and until when, by a time that no clock shows. One for all clients of a run. */
export class Beliefs {
  readonly #revoked: ReadonlySet<number>[] = []
  #holder: Belief | undefined
  #token = 0

  /** Leases are guessed by others too, and revoked: nobody was promised anything of those. `revoked` is looked at again whenever it matters. */
  except(revoked: ReadonlySet<number>): void {
    this.#revoked.push(revoked)
  }

  /** @returns what is wrong, if something is. */
  holds(belief: Belief, token: number, now: number): string | undefined {
    const other = this.#holder
    if (this.#isRevoked(belief.lease)) return undefined
    if (other !== undefined && other.client !== belief.client && now < other.until && !this.#isRevoked(other.lease)) {
      return `two clients hold the lock: one until ${Math.round(other.until)}, another since ${Math.round(now)}`
    }
    if (token < this.#token) return `the lock is held with token ${token}, and was with ${this.#token} before`
    this.#token = token
    this.#holder = belief
    return undefined
  }

  #isRevoked(lease: number): boolean {
    return this.#revoked.some(revoked => revoked.has(lease))
  }

  /** A lease that nobody gave up is gone, though it was promised for longer. @returns what is wrong, if something is. */
  missed(lease: number, until: number, now: number): string | undefined {
    if (now >= until || this.#isRevoked(lease)) return undefined
    return `lease ${lease} is gone ${Math.round(until - now)} ms before its time`
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
  /** Some wait so long that a lease which ends early ends before they renew it. */
  readonly #everyMs: number
  #lease: number | undefined
  /** The lease lives until then, by a time that no clock shows. */
  #until = 0
  #isStopped = false

  constructor(attended: Attended<CommandResult>, beliefs: Beliefs) {
    this.#attended = attended
    this.#beliefs = beliefs
    this.#random = attended.random
    this.#ttlMs = this.#random.pick([1_000, 2_000, 4_000])
    this.#everyMs = this.#ttlMs * this.#random.pick([1 / 4, 3 / 5])
    this.#again()
  }

  stop(): void {
    this.#isStopped = true
  }

  #again(): void {
    if (this.#isStopped) return
    this.#timer = this.#attended.clock.after(this.#everyMs, () => {
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
      const answer = await this.#apply({ type: 'unlock', name: 'the lock', lease })
      // It may still arrive, after the lock was taken again: this lease is of no use any more.
      if (answer === undefined) this.#lease = undefined
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
    const wrong = this.#beliefs.holds({ client: this, lease, until: this.#until }, result.token, now)
    if (wrong !== undefined) this.#attended.broken(wrong)
  }

  async #renew(command: { type: 'grant'; ttlMs: number } | { type: 'keepAlive'; lease: number }): Promise<void> {
    const sent = this.#attended.now()
    const result = await this.#apply(command)
    if (result?.type === 'lease') {
      this.#lease = result.lease
      this.#until = sent + this.#ttlMs * sureShare
      return
    }
    if (result?.type !== 'refused') return
    const wrong = command.type === 'keepAlive' ? this.#beliefs.missed(command.lease, this.#until, this.#attended.now()) : undefined
    if (wrong !== undefined) this.#attended.broken(wrong)
    this.#lease = undefined
  }

  async #apply(command: Parameters<typeof encodeCommand>[0]): Promise<CommandResult | undefined> {
    try {
      return (await this.#attended.node.apply(encodeCommand(command), { timeoutMs: this.#ttlMs })).result
    } catch {
      return undefined // whether it was done or not: the next round asks again
    }
  }
}
