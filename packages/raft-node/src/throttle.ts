import type { Clock } from './ports.ts'

/** Hands on no more than so many bytes a second on average, so that a snapshot leaves room for everything else on the link. */
export async function* throttled(data: AsyncIterable<Uint8Array>, clock: Clock, bytesPerSecond: number): AsyncGenerator<Uint8Array> {
  const began = clock.now()
  let bytes = 0
  for await (const chunk of data) {
    const dueMs = (bytes / bytesPerSecond) * 1_000 - (clock.now() - began)
    if (dueMs > 0) await new Promise<void>(resolve => clock.after(dueMs, resolve))
    bytes += chunk.length
    yield chunk
  }
}
