// Asks nodes how they are, over HTTP.
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves true once the address answers the path with 200, false when `giveUp` says so. */
export async function answers(address: string, path: string, giveUp: () => boolean): Promise<boolean> {
  while (!giveUp()) {
    if (await answersOnce(address, path)) return true
    await sleep(100)
  }
  return false
}

async function answersOnce(address: string, path: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}${path}`, { signal: AbortSignal.timeout(1_000) })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}

/** The id of the node that leads, as the node at this address knows it. */
export async function leaderOf(address: string): Promise<string | undefined> {
  const response = await fetch(`http://${address}/v1/status`, { signal: AbortSignal.timeout(2_000) })
  const status = (await response.json()) as { readonly leader?: string | { readonly id: string } }
  return typeof status.leader === 'string' ? status.leader : status.leader?.id
}
