import type { AnyWait } from './wait.ts'

/** Who gives up when a signal fires: one listener for all of them, since adding and removing one costs more than many a wait. */
const watched = new WeakMap<AbortSignal, Set<AnyWait>>()

/** Whoever is in the set when the signal fires gives up; each is taken out by itself before. */
export function watchSignal(signal: AbortSignal): Set<AnyWait> {
  let waits = watched.get(signal)
  if (waits === undefined) {
    const those = new Set<AnyWait>()
    watched.set(signal, those)
    signal.addEventListener('abort', () => giveUp(those, signal), { once: true })
    waits = those
  }
  return waits
}

function giveUp(waits: ReadonlySet<AnyWait>, signal: AbortSignal): void {
  for (const wait of [...waits]) wait.giveUp(signal.reason)
}
