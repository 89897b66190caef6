import { setTimeout as sleep } from 'node:timers/promises'
import type { Deed, Random, Value } from 'raft-sim'
import type { ChaosNode } from './chaos-node.ts'
import type { History } from './history.ts'
import { type Answer, ask, NoAnswer } from './http.ts'
import type { Keys } from './keys.ts'

export type ClientOptions = {
  readonly number: number
  readonly nodes: readonly ChaosNode[]
  readonly keys: Keys
  readonly history: History
  readonly random: Random
  readonly signal: AbortSignal
  readonly reads: ReadLevel
}

export type ReadLevel = 'linearizable' | 'lease' | 'stale'

const timeoutMs = 1_000
/** Between two operations, so that the servers and whoever breaks them get a turn on a small machine. */
const thinkMs = 2
/** After a failure. */
const pauseMs = 25

/** Reads, writes and compares-and-sets at whichever node chance names, down or not, one operation after the other. */
export class Client {
  readonly #options: ClientOptions
  /** What it last knew of each key: a guess for compare-and-set. */
  readonly #seen = new Map<string, Value>()
  #count = 0

  constructor(options: ClientOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    const { random, keys, signal } = this.#options
    while (!signal.aborted) {
      const key = keys.next(random)
      const wentWell = await this.#do(this.#deed(key))
      await sleep(wentWell ? thinkMs : pauseMs)
    }
  }

  /** Reads a key until it is answered; for the end, when nothing is broken. */
  async readFinally(key: string): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) if (await this.#do({ op: 'read', key, value: null })) return
    throw new Error(`nobody answers a read of ${key} although nothing is broken any more`)
  }

  #deed(key: string): Deed {
    const { random, number } = this.#options
    const dice = random.next()
    if (dice < 0.5) return { op: 'read', key, value: null }
    const value = `${number}.${this.#count++}`
    if (dice < 0.8) return { op: 'write', key, value }
    return { op: 'cas', key, expected: this.#seen.get(key) ?? null, value, ok: false }
  }

  async #do(deed: Deed): Promise<boolean> {
    const { number, history, random, nodes, reads } = this.#options
    const call = history.now()
    try {
      const answer = await ask(random.pick(nodes).plan.http, { ...requestOf(deed, reads), timeoutMs })
      const seen = outcomeOf(deed, answer)
      if (typeof seen === 'string') {
        if (seen === 'unknown') history.unknown(number, call, deed)
        else history.refused()
        return false
      }
      history.done(number, call, seen)
      this.#remember(seen)
      return true
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      if (error.sent) history.unknown(number, call, deed)
      else history.refused()
      return false
    }
  }

  #remember(deed: Deed): void {
    if (deed.op !== 'append' && (deed.op !== 'cas' || deed.ok)) this.#seen.set(deed.key, deed.value)
  }
}

function requestOf(deed: Deed, reads: ReadLevel): { readonly method: string; readonly path: string; readonly body?: string } {
  const path = `/v1/kv/${deed.key}`
  switch (deed.op) {
    case 'read':
      return { method: 'GET', path: `${path}?consistency=${reads}` }
    case 'write':
      return { method: 'PUT', path, body: String(deed.value) }
    case 'cas':
      return { method: 'POST', path: '/v1/txn', body: JSON.stringify(casOf(deed)) }
    case 'append':
      throw new Error('the store knows no append')
  }
}

function casOf({ key, expected, value }: Extract<Deed, { op: 'cas' }>): object {
  const compare = expected === null ? { key, target: 'version', operand: 0 } : { key, target: 'value', operand: expected }
  return { compare: [compare], success: [{ op: 'put', key, value }] }
}

/** The deed with what came of it; or that it certainly, or perhaps, has not happened. */
function outcomeOf(deed: Deed, { status, text }: Answer): Deed | 'not-applied' | 'unknown' {
  if (status === 200) {
    if (deed.op === 'read') return { ...deed, value: text }
    return deed.op === 'cas' ? { ...deed, ok: JSON.parse(text).succeeded === true } : deed
  }
  const { code, outcome } = JSON.parse(text).error
  if (deed.op === 'read') return status === 404 && code === 'KEY_NOT_FOUND' ? { ...deed, value: null } : 'not-applied'
  return outcome === 'not-applied' ? 'not-applied' : 'unknown'
}
