import { until } from '../process/until.ts'
import type { Load } from './load.ts'
import { type Request, requestsOf } from './requests.ts'

/** Reads go round these: a read of a key that is not there would be another thing. */
export const readKeys = 500
const atOnce = 32

/** Writes every key that a load asks for, once. */
export async function writeKeys(load: Omit<Load, 'connections' | 'seconds'>): Promise<void> {
  const requests = requestsOf({ ...load, kind: 'put' })
  const worker = async () => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      await until(`${request.method} ${request.path} is accepted`, () => accepted(load.url, request), 10)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** Undefined: a cluster that has just been driven to its limits may be without a leader for a moment. */
async function accepted(url: string, { method, path, body }: Request): Promise<true | undefined> {
  const response = await fetch(`${url}${path}`, { method, body: body ?? null })
  const text = await response.text()
  if (response.ok) return true
  if (response.status >= 500) return undefined
  throw new Error(`a key cannot be written: ${response.status} ${text}`)
}
