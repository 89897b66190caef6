/** The longest that a timer can be, in milliseconds: a longer one fires at once. */
export const timerMsMax = 2 ** 31 - 1

/**
 * Resolves after the time, or when the signal says so. Without a time: only then, and the process stays alive until then. Longer than a
 * timer can be, 24 days, is as long as that: who pauses does so again and again.
 */
export function pause(signal: AbortSignal, ms?: number): Promise<void> {
  return new Promise(resolve => {
    const alive = setInterval(() => ms !== undefined && end(), Math.min(ms ?? 60_000, timerMsMax))
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    function end(): void {
      clearInterval(alive)
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}
