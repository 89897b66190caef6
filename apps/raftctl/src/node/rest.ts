import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { isGiven } from './v8-flags.ts'

/** Milliseconds between looks at what a node does, and of rest until it gives memory back. */
const everyMs = 1_000
const longMs = 600_000
/** Milliseconds in which V8 gives memory back: the work of it is not a client's. */
const givingMs = 20_000
/** The part of the time in which the event loop does something. That of a node without clients is one or two hundredths. */
const busy = 0.05
/** Bytes that nobody touches, and so none of the machine's. For garbage that such an amount may belong to, V8 looks step by step. */
const nudge = 2 ** 27

/**
 * What V8 calls its memory reducer gives memory back when there has been little to do for 8 seconds, and throws away what was compiled with it:
 * for objects of shapes of which none is alive, as at rest hardly any is. The requests of a lone client then take up to three times as long,
 * for seconds; and a node rests for seconds between two clients. The reducer goes step by step and does nothing where V8 may not; so that is
 * what V8 is told while a node rests, when there is next to nothing to collect anyway. When it has rested for long, it gives memory back.
 * Whoever starts Node with a word on one of the two gets what it says.
 *
 * @returns What ends it.
 */
export function keepCompiledAtRest(options = { everyMs, longMs, givingMs }): () => void {
  if (isGiven('memory-reducer') || isGiven('incremental-marking')) return () => {}
  const patience = Math.ceil(options.longMs / options.everyMs)
  let before = performance.eventLoopUtilization()
  let atRest = 0
  const look = () => {
    const now = performance.eventLoopUtilization()
    const isBusy = performance.eventLoopUtilization(now, before).utilization > busy
    before = now
    if (isBusy && atRest > 0) goStepByStep(true)
    atRest = isBusy ? 0 : atRest + 1
    if (atRest === 1) goStepByStep(false)
    if (atRest === patience) giveBack()
    timer = setTimeout(look, atRest === patience ? options.givingMs : options.everyMs).unref()
  }
  let timer = setTimeout(look, options.everyMs).unref()
  return () => clearTimeout(timer)
}

function giveBack(): void {
  goStepByStep(true)
  try {
    new ArrayBuffer(nudge)
  } catch {} // not even addresses are left: V8 looks for garbage soon enough
}

function goStepByStep(does: boolean): void {
  setFlagsFromString(does ? '--incremental-marking' : '--no-incremental-marking')
}
