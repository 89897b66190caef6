/** Resolves after the time, or when the signal says so. Without a time: only then, and the process stays alive until then. */
export function pause(signal: AbortSignal, ms?: number): Promise<void> {
  return new Promise(resolve => {
    const alive = setInterval(() => ms !== undefined && end(), ms ?? 60_000)
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    function end(): void {
      clearInterval(alive)
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}
