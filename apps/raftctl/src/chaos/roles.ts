import type { ChaosNode } from './chaos-node.ts'
import { ask } from './http.ts'

export type Seen = { readonly role: string; readonly term: number; readonly applied: number }

/** What each node says of itself, asked again and again beside everything else: for the picture only. */
export class Roles {
  readonly #seen = new Map<string, Seen>()

  get(node: ChaosNode): Seen | undefined {
    return node.state === 'up' ? this.#seen.get(node.id) : undefined
  }

  async look(nodes: readonly ChaosNode[]): Promise<void> {
    await Promise.all(
      nodes.map(async node => {
        try {
          const { text } = await ask(node.plan.http, { method: 'GET', path: '/v1/status', timeoutMs: 300 })
          const { role, term, applied } = JSON.parse(text)
          this.#seen.set(node.id, { role, term, applied })
        } catch {
          this.#seen.delete(node.id)
        }
      }),
    )
  }
}
