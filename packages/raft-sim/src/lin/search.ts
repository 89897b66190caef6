import { Configuration } from './configuration.ts'
import { impossibleStep } from './impossible.ts'
import type { KeyHistory, Step } from './key-history.ts'
import type { Order } from './moves.ts'
import { Moves } from './moves.ts'
import { Seen } from './seen.ts'
import { hasZonesInConflict } from './zones.ts'

/** `longest`: the longest order that was found for some of them, as far as it was looked for. */
export type Verdict =
  | { readonly result: 'linearizable'; readonly order: readonly Step[] }
  | { readonly result: 'not linearizable'; readonly longest: readonly Step[] }
  | { readonly result: 'undecided' }

/** Where the search can go on from: so many steps done, and what can come next. */
type Branch = { readonly length: number; readonly moves: readonly Step[]; next: number }

const orders: readonly Order[] = ['by due', 'whole first', 'by return']
/** How many configurations each order may remember before the next one is tried. */
const firstLimit = 10_000

/**
 * Is there an order of all definite steps, and of any of the optional ones, that keeps to real time and explains everything that was seen?
 * Wing and Gong's search as Lowe and Porcupine do it: iterative, with a memory of the configurations it has been in; it gives up once that
 * holds `limit` of them. What it leaves out is shown in Moves.
 */
export function search(history: KeyHistory, limit: number): Verdict {
  if (impossibleStep(history) !== undefined || hasZonesInConflict(history)) return { result: 'not linearizable', longest: [] }
  for (const order of orders) {
    const verdict = searchInOrder(history, Math.min(limit, firstLimit), order)
    if (verdict.result !== 'undecided') return verdict
  }
  return limit > firstLimit ? searchInOrder(history, limit, 'by due') : { result: 'undecided' }
}

/** Without looking ahead: for the longest order that there is. */
export function searchLongest(history: KeyHistory, limit: number): Verdict {
  return searchInOrder(history, limit, 'by due', false)
}

function searchInOrder(history: KeyHistory, limit: number, order: Order, looksAhead = true): Verdict {
  const configuration = new Configuration(history)
  const moves = new Moves(configuration, order, looksAhead)
  const seen = new Seen()
  const branches: Branch[] = []
  let furthest = -1
  let longest: readonly Step[] = []
  for (;;) {
    const frontier = moves.settle()
    if (configuration.left === 0) return { result: 'linearizable', order: stepsOf(configuration) }
    const isNew = seen.add(configuration, frontier, moves.state)
    const next = isNew ? moves.next(frontier) : []
    if (next.length > 0) branches.push({ length: configuration.done.length, moves: next, next: 0 })
    else if (frontier > furthest) {
      furthest = frontier
      longest = stepsOf(configuration)
    }
    if (seen.size > limit) return { result: 'undecided' }
    if (!advance(configuration, moves, branches)) return { result: 'not linearizable', longest }
  }
}

/** Takes the next move of the last branch that has one. */
function advance(configuration: Configuration, moves: Moves, branches: Branch[]): boolean {
  for (let branch = branches.at(-1); branch !== undefined; branch = branches.at(-1)) {
    configuration.backTo(branch.length)
    const move = branch.moves[branch.next++]
    if (move !== undefined) {
      moves.take(move)
      return true
    }
    branches.pop()
  }
  return false
}

function stepsOf({ done }: Configuration): Step[] {
  return done.map(({ step }) => step)
}
