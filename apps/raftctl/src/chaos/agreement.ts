import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosNode } from './chaos-node.ts'
import { ask } from './http.ts'

export type Agreement = { readonly keys: number; readonly different: readonly string[] }

/** Whether all nodes hold the same, each asked for what it has itself, once all of them have applied as much. */
export async function agreement(nodes: readonly ChaosNode[], msMax: number): Promise<Agreement> {
  const deadline = performance.now() + msMax
  let held: readonly Held[] = []
  while (performance.now() < deadline) {
    held = await Promise.all(nodes.map(heldBy))
    if (new Set(held.map(({ hash }) => hash)).size === 1) break
    await sleep(200) // one may still be catching up
  }
  const first = held[0]
  return { keys: first?.keys ?? 0, different: held.filter(({ hash }) => hash !== first?.hash).map(({ id }) => id) }
}

type Held = { readonly id: string; readonly keys: number; readonly hash: string }

async function heldBy({ id, plan }: ChaosNode): Promise<Held> {
  const { text } = await ask(plan.http, { method: 'GET', path: '/v1/kv?prefix=chaos-&limit=1000000&consistency=stale', timeoutMs: 10_000 })
  const { items } = JSON.parse(text) as { items: readonly object[] }
  return { id, keys: items.length, hash: createHash('sha256').update(JSON.stringify(items)).digest('hex') }
}
