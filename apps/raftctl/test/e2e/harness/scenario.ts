export type Scenario = {
  /** A sentence: what holds. */
  readonly name: string
  /** `folder` is empty and this scenario's own. Throws when what the name says does not hold. */
  /** How long it may take, in milliseconds. Default: a minute. */
  readonly msMax?: number
  readonly run: (folder: string) => Promise<void>
}
