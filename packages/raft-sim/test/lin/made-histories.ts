import type { Operation, Value } from '../../src/lin/operation.ts'
import type { Random } from '../../src/random.ts'

export type Workload = {
  readonly clients: number
  readonly operations: number
  readonly keys?: number
  /** So many different values are written; undefined: each only once. */
  readonly values?: number
  /** How likely the outcome of a write stays unknown. */
  readonly unknown?: number
  readonly ops: readonly Operation['op'][]
}

/**
 * A run of a real register: every client asks, the register answers at a moment in between, the client hears it later. Linearizable by
 * the way it is made.
 */
export function runRegisters(random: Random, { clients, operations, keys = 1, values, unknown = 0, ops }: Workload): Operation[] {
  const state = new Map<string, Value>()
  const free = Array.from({ length: clients }, (_, client) => ({ client, from: random.next() }))
  const asked = Array.from({ length: operations }, (_, number) => {
    const next = free.reduce((a, b) => (b.from < a.from ? b : a))
    const call = next.from + random.next() * 0.1
    const at = call + random.next() ** 3 * 5
    const returned = at + random.next() ** 3 * 5
    next.from = returned
    return { number, client: next.client, key: `k${random.below(keys)}`, op: random.pick(ops), call, at, returned }
  })
  const value = (number: number): string => `v${values === undefined ? number : random.below(values)}`
  const done = asked
    .sort((a, b) => a.at - b.at)
    .map(({ number, client, key, op, call, returned }): Operation | undefined => {
      const before = state.get(key) ?? null
      const isUnknown = random.chance(unknown)
      const takes = !isUnknown || random.chance(0.5)
      const timed = { client, key, call, return: isUnknown ? null : returned }
      if (op === 'read') return isUnknown ? undefined : { ...timed, op, value: before }
      if (op === 'cas') {
        const expected = random.chance(0.7) ? before : value(random.below(number + 1))
        const operation: Operation = { ...timed, op, expected, value: value(number), ok: before === expected }
        if (takes && operation.ok) state.set(key, operation.value)
        return operation
      }
      const written = op === 'append' ? `${value(number)},` : value(number)
      if (takes) state.set(key, op === 'append' ? `${before ?? ''}${written}` : written)
      return { ...timed, op, value: written }
    })
  return done.filter(operation => operation !== undefined).sort((a, b) => a.call - b.call)
}

/** Changes what one read saw to something that another one saw, earlier or later, or to nothing. */
export function withWrongRead(random: Random, history: readonly Operation[]): Operation[] {
  const reads = history.filter(({ op }) => op === 'read')
  const wrong = random.pick(reads)
  const values = reads.filter(({ key }) => key === wrong.key).map(({ value }) => value)
  return history.map(operation =>
    operation === wrong && operation.op === 'read' ? { ...operation, value: random.pick([...values, null]) } : operation,
  )
}
