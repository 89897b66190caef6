import { whole } from '../format.ts'
import type { Progress } from '../progress.ts'

const bytesPerRequest = 256 * 1024
const shownEvery = 20

/** Many keys in one entry: what counts here is how many there are, and what they weigh. */
export async function fillKeys(url: string, { keys, valueBytes }: { keys: number; valueBytes: number }, progress: Progress): Promise<void> {
  const perRequest = Math.min(1_000, Math.ceil(bytesPerRequest / valueBytes))
  const value = 'v'.repeat(valueBytes)
  for (let at = 0, request = 0; at < keys; at += perRequest, request++) {
    if (request % shownEvery === 0) progress.now(`recovery: ${whole(at)} of ${whole(keys)} keys of ${whole(valueBytes)} bytes`)
    const pairs = Array.from({ length: Math.min(perRequest, keys - at) }, (_, i) => [`fill${String(at + i).padStart(8, '0')}`, value])
    const response = await fetch(`${url}/key`, { method: 'POST', body: JSON.stringify(Object.fromEntries(pairs)) })
    if (!response.ok) throw new Error(`filling failed: ${response.status} ${await response.text()}`)
    await response.arrayBuffer()
  }
}
