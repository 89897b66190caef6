import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from 'kv-server'
import { expect, test } from 'vitest'
import SnapshotRestore from '../src/commands/snapshot/restore.ts'
import SnapshotSave from '../src/commands/snapshot/save.ts'
import { statusOf } from './support/fake-node.ts'
import { runCommand } from './support/run-command.ts'

test('restore asks the cluster whether it holds keys, and does not believe a node that is behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'raftctl-restore-'))
  const file = join(folder, 'backup.kv')
  await using server = await startServer({ dir: join(folder, 'n1'), http: 'localhost:0', raft: 'localhost:0' })
  await expect.poll(async () => (await fetch(`http://${server.httpAddress}/v1/kv`)).status, { timeout: 10_000 }).toBe(200) // it leads
  expect(await runCommand(SnapshotSave, 'snapshot:save', [file, '-e', server.httpAddress])).toMatchObject({ code: 0, stderr: '' })

  const asked: string[] = []
  const behind = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const item = { key: 'a', created: 1, modified: 1, version: 1 }
    const answer = request.url === '/v1/status' ? statusOf('n2', [], { keys: 0 }) : { revision: 1, items: [item], next: null }
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>(listening => behind.listen(0, '127.0.0.1', listening))
  const { port } = behind.address() as AddressInfo
  const restored = await runCommand(SnapshotRestore, 'snapshot:restore', [file, '-e', `127.0.0.1:${port}`])
  expect(restored).toMatchObject({ code: 1, stderr: expect.stringContaining('say --replace') })
  expect(asked).not.toContain('PUT /v1/snapshot')
  behind.close()
  await rm(folder, { recursive: true })
})
