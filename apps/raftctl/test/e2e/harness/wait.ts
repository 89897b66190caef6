import { setTimeout as sleep } from 'node:timers/promises'

/** Repeats until `attempt` returns without throwing; at the deadline its last error says what was missing. No fixed sleeps anywhere. */
export async function eventually<Value>(what: string, attempt: () => Promise<Value> | Value, msMax = 15_000): Promise<Value> {
  const deadline = performance.now() + msMax
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`within ${msMax} ms: ${what}: ${error instanceof Error ? error.message : error}`)
    }
    await sleep(40)
  }
}

/** How long `work` took, with its result. */
export async function timed<Value>(work: () => Promise<Value>): Promise<{ readonly value: Value; readonly ms: number }> {
  const start = performance.now()
  const value = await work()
  return { value, ms: performance.now() - start }
}
