import type { StatusResponse } from 'kv-client'
import { expect } from 'vitest'
import type { KvServer } from '../../src/index.ts'

export const url = (server: KvServer, path: string) => `http://${server.httpAddress}${path}`
export const set = (server: KvServer, body: object) => fetch(url(server, '/key'), { method: 'POST', body: JSON.stringify(body) })
export const get = async (server: KvServer, key: string) => (await fetch(url(server, `/key/${key}`))).text()
export const status = async (server: KvServer) => (await (await fetch(url(server, '/v1/status'))).json()) as StatusResponse

/** A joining node is a learner until it has caught up. */
export async function becomeVoters(server: KvServer, count: number): Promise<void> {
  await expect.poll(async () => (await status(server)).quorum.voters, { timeout: 10_000 }).toBe(count)
}
