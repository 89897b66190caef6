import type { Clock } from './ports.ts'

/** Bytes: some tenths of a millisecond of work for a state machine that encodes them. */
const unpaused = 128 * 1024
const pauseMs = 1

/**
 * Data that are computed while they are read, with a moment for everybody else now and then: not only for the event loop, but also for
 * the machine's other processes. A thread that never sleeps waits its turn each time one of theirs wakes up, and everything on this event
 * loop waits with it.
 */
export async function* withPauses(data: AsyncIterable<Uint8Array>, clock: Clock): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of data) {
    yield chunk
    bytes += chunk.length
    if (bytes < unpaused) continue
    bytes = 0
    await new Promise<void>(resolve => clock.after(pauseMs, resolve))
  }
}
