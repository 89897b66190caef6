import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { isGiven } from './v8-flags.ts'

/** Milliseconds between looks at what a node does, and of rest until it gives memory back. */
const everyMs = 250
const longMs = 600_000
/** Milliseconds in which V8 gives memory back: the work of it is not a client's. */
const givingMs = 60_000
/** The part of the time in which the event loop does something: below the first a node rests, until it is above the second. Without clients it is one or two hundredths. */
const quiet = 0.05
const busy = 0.1
/** Bytes in use by the heap. To look through a larger one at once would take too long, should it have to be done in the first moments after a rest. */
const large = 2 ** 29
/** Bytes that nobody touches, and so none of the machine's. For garbage that such an amount may belong to, V8 looks step by step. */
const nudge = 2 ** 26 + 1

/**
 * What V8 calls its memory reducer gives memory back when there has been little to do for 8 seconds, and throws away what was compiled with it:
 * for objects of shapes of which none is alive, as at rest hardly any is. The requests of a lone client then take up to three times as long,
 * for seconds; and a node rests for seconds between two clients. The reducer goes step by step and does nothing where V8 may not; so that is
 * what V8 is told while a node rests, when there is next to nothing to collect anyway. When it has rested for long, it gives memory back.
 * Whoever starts Node with a word on one of the two gets what it says.
 */
export function keepCompiledAtRest(options = { everyMs, longMs, givingMs }): void {
  if (isGiven('memory-reducer') || isGiven('incremental-marking')) return
  const patience = Math.ceil(options.longMs / options.everyMs)
  let before = performance.eventLoopUtilization()
  let atRest = 0
  let collects = true
  const look = () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    atRest = utilization > (atRest > 0 ? busy : quiet) || isLarge() ? 0 : atRest + 1
    const may = atRest === 0 || atRest >= patience
    if (may !== collects) setFlagsFromString(may ? '--incremental-marking' : '--no-incremental-marking')
    collects = may
    if (atRest === patience) nudgeV8()
    setTimeout(look, atRest === patience ? options.givingMs : options.everyMs).unref()
  }
  setTimeout(look, options.everyMs).unref()
}

function nudgeV8(): void {
  try {
    new ArrayBuffer(nudge)
  } catch {} // there is no room for it, and V8 has just looked everywhere for some
}

function isLarge(): boolean {
  return getHeapStatistics().used_heap_size > large
}
