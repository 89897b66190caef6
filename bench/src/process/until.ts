import { setTimeout as sleep } from 'node:timers/promises'

/** Asks every few milliseconds until there is an answer. Rejects with what was waited for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  secondsAtMost = 60,
  everyMs = 20,
): Promise<T> {
  const end = performance.now() + 1000 * secondsAtMost
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`waited ${secondsAtMost} s in vain: ${what}`)
    await sleep(everyMs)
  }
}
