import type { Command, CommandResult } from '../store/command.ts'
import { restoreIdleMs } from '../store/staged.ts'

type Staged = Map<string, { readonly value: string; readonly revision: number }>

/** What operators do to the store as a whole, in the simplest way there is: join secrets, and restores until they take place. */
export class OperatorModel {
  readonly #secrets = new Map<string, { ttlMs: number; deadline: number | undefined; user: string }>()
  #restore = 0
  #restoreDeadline: number | undefined
  #staged: Staged = new Map()

  /** Undefined for other commands. `replaceAll` is called with what a finished restore holds. */
  apply(command: Command, revision: number, replaceAll: (staged: Staged) => void): CommandResult | undefined {
    const done = (count: number): CommandResult => ({ type: 'done', revision, count })
    if (command.type === 'addSecret') {
      this.#secrets.set(command.digest, { ttlMs: command.ttlMs, deadline: undefined, user: '' })
      return done(1)
    }
    if (command.type === 'useSecret') {
      const secret = this.#secrets.get(command.digest)
      if (secret === undefined || !['', command.user].includes(secret.user)) return { type: 'refused', revision, code: 'SECRET_UNKNOWN' }
      secret.user = command.user
      return done(1)
    }
    if (command.type === 'restoreBegin') {
      this.#restore = revision
      this.#restoreDeadline = undefined
      this.#staged = new Map()
      return done(0)
    }
    if (command.type !== 'restoreItems' && command.type !== 'restoreCommit') return undefined
    const isOurs = command.restore === this.#restore && this.#restore !== 0
    const isWhole = command.type === 'restoreItems' || command.count === this.#staged.size
    if (!isOurs || !isWhole) return { type: 'refused', revision, code: 'RESTORE_LOST' }
    if (command.type === 'restoreItems') {
      this.#restoreDeadline = undefined
      for (const [key, value] of command.pairs) this.#staged.set(key, { value, revision })
      return done(this.#staged.size)
    }
    replaceAll(this.#staged)
    this.#restore = 0
    return done(command.count)
  }

  /** So much log time is recorded. */
  pass(now: number): void {
    if (this.#restoreDeadline === undefined) this.#restoreDeadline = now + restoreIdleMs
    else if (this.#restoreDeadline <= now) this.#restore = 0
    for (const [digest, secret] of this.#secrets) {
      if (secret.deadline === undefined) secret.deadline = now + secret.ttlMs
      else if (secret.deadline <= now) this.#secrets.delete(digest)
    }
  }
}
