import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KvClient } from '../src/index.ts'
import { httpsFetch } from '../src/node/index.ts'
import { ok, scripted } from './support.ts'

// Node makes keys, but no certificates.
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(!hasOpenssl)('httpsFetch', () => {
  let dir: string
  const read = (name: string) => readFileSync(join(dir, name), 'utf8')

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'kv-client-'))
    for (const name of ['server', 'stranger']) {
      const alt = ['-addext', 'subjectAltName=DNS:node.example']
      const files = ['-keyout', join(dir, `${name}.key`), '-out', join(dir, `${name}.pem`)]
      const subject = ['-subj', `/CN=${name}`, '-days', '2']
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...files, ...subject, ...alt],
        {
          stdio: 'ignore',
        },
      )
    }
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  /** One that asks for a certificate, too. */
  async function secure(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const files = { cert: read('server.pem'), key: read('server.key'), ca: read('server.pem') }
    const server = createServer({ ...files, requestCert: true, rejectUnauthorized: true }, answer)
    await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
    const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const close = () => {
      server.close()
      server.closeAllConnections()
    }
    return { endpoint, [Symbol.dispose]: close }
  }
  const trusting = () => ({ ca: read('server.pem'), serverName: 'node.example', cert: read('server.pem'), key: read('server.key') })

  it('trusts whom it is told to, shows its certificate, and carries bodies both ways', async () => {
    using server = await secure(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      response.end(JSON.stringify({ revision: Buffer.concat(chunks).length, keys: 1 }))
    })
    const client = new KvClient({ endpoints: [server.endpoint], fetch: httpsFetch(trusting()) })
    expect(await client.set('a', 'four')).toEqual({ revision: 4, keys: 1 })
    const stream = new Blob(['twelve bytes']).stream()
    expect(await client.admin.restoreSnapshot(stream)).toEqual({ revision: 12, keys: 1 })
    expect(client.endpoints).toEqual([server.endpoint])
  })

  it.each([
    ['whom it does not know', () => ({ ...trusting(), ca: read('stranger.pem') })],
    ['who has another name', () => ({ ...trusting(), serverName: 'other.example' })],
  ])('does not speak to a node %s', async (_, certificates) => {
    using server = await secure((_, response) => response.end('{}'))
    const client = new KvClient({ endpoints: [server.endpoint], fetch: httpsFetch(certificates()) })
    const write = client.set('a', '1')
    await expect(write).rejects.toMatchObject({
      code: 'UNREACHABLE',
      outcome: 'not-applied',
      message: expect.stringContaining('certificates'),
    })
  })

  it('says that a node does not know this client', async () => {
    using server = await secure((_, response) => response.end('{}'))
    const { cert: _, key: __, ...rest } = trusting()
    const client = new KvClient({ endpoints: [server.endpoint], fetch: httpsFetch(rest) })
    await expect(client.get('a')).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })

  it('gives up when the caller does', async () => {
    using server = await secure(() => {})
    const client = new KvClient({ endpoints: [server.endpoint], fetch: httpsFetch(trusting()) })
    await expect(client.get('a', { timeoutMs: 200 })).rejects.toMatchObject({ code: 'TIMED_OUT' })
  })

  it('speaks in the clear where the endpoint does', async () => {
    using server = await scripted(ok({ revision: 1 }))
    const client = new KvClient({ endpoints: [server.endpoint], fetch: httpsFetch({}) })
    expect(await client.set('a', '1')).toEqual({ revision: 1 })
  })
})
