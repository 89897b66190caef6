import { strict as assert } from 'node:assert'
import { ask } from '../e2e/harness/http.ts'
import { eventually } from '../e2e/harness/wait.ts'
import type { ProofNode } from './proof-node.ts'

const valueBytes = 16 * 1024

/** Writes large values, each key once, and remembers what was acknowledged, and how the others were refused. */
export class Filler {
  readonly acknowledged: string[] = []
  /** How often, by status and code. */
  readonly refusals = new Map<string, number>()
  readonly #nodes: readonly ProofNode[]
  readonly #loops: Promise<void>[]
  #stopped = false

  constructor(nodes: readonly ProofNode[], name: string) {
    this.#nodes = nodes
    this.#loops = Array.from({ length: 6 }, (_, at) => this.#loop(`${name}-${at}`))
  }

  /** Resolves once so many more are acknowledged than now. */
  async more(count: number, msMax: number): Promise<void> {
    const target = this.acknowledged.length + count
    const missing = () => `${this.acknowledged.length} of ${target}; ${this.summary}`
    await eventually('writes are acknowledged', () => assert(this.acknowledged.length >= target, missing()), msMax)
  }

  count(refusal: string): number {
    return this.refusals.get(refusal) ?? 0
  }

  get refused(): number {
    return [...this.refusals.values()].reduce((sum, count) => sum + count, 0)
  }

  get summary(): string {
    const kinds = [...this.refusals].map(([kind, count]) => `${kind} ${count} times`)
    return `${this.acknowledged.length} acknowledged; ${kinds.join(', ') || 'none refused'}`
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
  }

  async #loop(name: string): Promise<void> {
    for (let count = 0; !this.#stopped; count++) {
      const running = this.#nodes.filter(node => node.running)
      const node = running[count % running.length]
      const key = `${name}-${count}`
      const refusal = node === undefined ? 'nobody runs' : await refusalOf(node, key)
      if (refusal === undefined) this.acknowledged.push(key)
      else {
        this.refusals.set(refusal, this.count(refusal) + 1)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }
  }
}

async function refusalOf(node: ProofNode, key: string): Promise<string | undefined> {
  try {
    const { status, text } = await ask('PUT', node.http, `/v1/kv/${key}`, { body: valueFor(key) })
    if (status === 200 || status === 201) return undefined
    const { error } = JSON.parse(text) as { error: { code: string; outcome: string } }
    return `${status} ${error.code} ${error.outcome}`
  } catch {
    return 'no answer'
  }
}

/** Every acknowledged value is at this node as it was written; a node that has just started, or waits for a leader, is given time. */
export async function holdsAll(node: ProofNode, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 16) await Promise.all(keys.slice(at, at + 16).map(key => holds(node, key)))
}

async function holds(node: ProofNode, key: string): Promise<void> {
  const { status, text } = await eventually(`${node.settings.id} answers`, async () => {
    const answer = await ask('GET', node.http, `/v1/kv/${key}`)
    assert(answer.status !== 503 && answer.status !== 504, `${key} at ${node.settings.id}: ${answer.status} ${answer.text}`)
    return answer
  })
  assert.equal(status, 200, `${key} at ${node.settings.id}: ${status}`)
  assert(text === valueFor(key), `${key} at ${node.settings.id} has another value`)
}

function valueFor(key: string): string {
  return key.padEnd(valueBytes, `${key} `)
}
