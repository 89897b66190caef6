/** A rule of the protocol was broken by our own code. The node's state is not to be trusted any more: stop it. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
  /** What should have held. */
  readonly invariant: string
  /** The node's status at that moment. */
  readonly state: unknown

  constructor(invariant: string, state: unknown) {
    super(`${invariant}: ${JSON.stringify(state)}`)
    this.invariant = invariant
    this.state = state
  }
}
