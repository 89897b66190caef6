import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from '../ports.ts'

/** Milliseconds: of anything longer, Node makes 1. */
const longestMs = 2 ** 31 - 1

/** Asked dozens of times for each command, and V8 does not remember how to find it: what it lies in is no ordinary object. */
const now = performance.now.bind(performance)

/** Real time and real chance. The only file of the package that knows of timers and random numbers. */
export function systemClock(): Clock {
  return {
    now,
    after(delayMs, run) {
      if (delayMs <= 0) return afterThisTurn(run)
      const due = now() + delayMs
      let timer = setTimeout(check, Math.min(delayMs, longestMs))
      // Node may fire up to a millisecond early; the port promises "not before".
      function check(): void {
        const left = due - now()
        if (left > 0) timer = setTimeout(check, Math.min(left, longestMs))
        else run()
      }
      return { cancel: () => clearTimeout(timer) }
    },
    random: () => Math.random(),
    uniqueId: () => randomBytes(16).toString('hex'),
  }
}

/** Once the sockets that have something to say in this turn of the event loop were heard; a timer would let a millisecond pass. */
function afterThisTurn(run: () => void): Timer {
  const immediate = setImmediate(run)
  return { cancel: () => clearImmediate(immediate) }
}
