/** What a register holds; null: nothing, the key is absent. */
export type Value = string | number | boolean | null

/** What is done to one key. */
export type Deed = { readonly key: string } & (
  | {
      readonly op: 'read'
      /** What it returned. */
      readonly value: Value
    }
  | { readonly op: 'write'; readonly value: Value }
  | {
      readonly op: 'cas'
      readonly expected: Value
      readonly value: Value
      /** Whether it took. Says nothing if the outcome is unknown. */
      readonly ok: boolean
    }
  | {
      readonly op: 'append'
      /** Added to the string that the key holds; to an absent key: its value. */
      readonly value: string
    }
)

/** One operation of a client on one key. Those of one client may overlap. */
export type Operation = Deed & {
  readonly client: string | number
  /** When it was asked. All times are on one clock. */
  readonly call: number
  /** When it was answered. Null: never, or with an unknown outcome; it may take effect at any time after its call, or not at all. */
  readonly return: number | null
}
