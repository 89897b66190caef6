import type { Load } from './load.ts'
import { requestsOf } from './requests.ts'

/** Reads go round these: a read of a key that is not there would be another thing. */
export const readKeys = 500
const atOnce = 32

/** Writes every key that a load asks for, once. */
export async function writeKeys(load: Omit<Load, 'connections' | 'seconds'>): Promise<void> {
  const requests = requestsOf({ ...load, kind: 'put' })
  const worker = async () => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      const { method, path, body = null } = request
      const response = await fetch(`${load.url}${path}`, { method, body })
      if (!response.ok) throw new Error(`a key cannot be written: ${response.status} ${await response.text()}`)
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
