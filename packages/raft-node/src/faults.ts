import { RaftError, type RaftErrorCode } from './errors.ts'

export type Fault = { readonly code: RaftErrorCode; readonly message: string }

/** Why this node does not serve its callers, if it does not. The first reason stays: what follows is mostly its consequence. */
export class Faults {
  #current: Fault | undefined
  readonly #report: (fault: Fault) => void

  constructor(report: (fault: Fault) => void) {
    this.#report = report
  }

  get current(): Fault | undefined {
    return this.#current
  }

  /** True when this is news. */
  raise(code: RaftErrorCode, message: string): boolean {
    if (this.#current !== undefined) return false
    this.#current = { code, message }
    this.#report(this.#current)
    return true
  }

  /** Throws in place of whatever a caller asked for: it was not even begun. */
  check(): void {
    if (this.#current !== undefined) throw new RaftError(this.#current.code, this.#current.message, { outcome: 'not-applied' })
  }
}
