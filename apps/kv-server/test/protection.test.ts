import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KvClient } from 'kv-client'
import { httpsFetch } from 'kv-client/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog, startServer } from '../src/index.ts'
import { Authority } from '../src/security/authority.ts'

// Node makes keys, but no certificates.
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kv-protection-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const local = () => ({ dir: join(dir, 'data'), http: 'localhost:0', raft: 'localhost:0' })
function file(name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

describe('a server', () => {
  it.each([
    [{ http: '0.0.0.0:0' }, '--tls-cert'],
    [{ http: '[::]:0' }, '--tokens'],
    [{ raft: '0.0.0.0:0' }, 'in the clear'],
  ])('does not listen where others can reach it without protection: %o', async (addresses, words) => {
    await expect(startServer({ ...local(), ...addresses })).rejects.toThrow(words)
  })

  it('listens there when it is told that the network is safe', async () => {
    await using server = await startServer({ ...local(), http: '0.0.0.0:0', insecure: true })
    expect(server.httpAddress).toMatch(/^0\.0\.0\.0:\d+$/)
  })

  it('answers only to its own names where nothing else tells it from a page that has one led to it', async () => {
    await using alone = await startServer(local())
    await using guarded = await startServer({
      ...local(),
      dir: join(dir, 'guarded'),
      tokens: file('tokens', 'read app token-of-the-app-1\n'),
    })
    const status = (address: string, Host: string, headers = {}) =>
      new Promise<number | undefined>(resolve => {
        get(`http://${address}/v1/status`, { headers: { Host, ...headers } }, response => resolve(response.resume().statusCode))
      })
    expect([await status(alone.httpAddress, 'evil.test'), await status(alone.httpAddress, 'localhost')]).toEqual([403, 200])
    expect(await status(guarded.httpAddress, 'raft.test', { Authorization: 'Bearer token-of-the-app-1' })).toBe(200)
  })

  it('knows those whose tokens are in the file, and others once it was read anew', async () => {
    const tokens = file('tokens', 'write app token-of-the-app-1\n')
    await using server = await startServer({ ...local(), tokens })
    const put = async (token: string) => {
      const headers = { Authorization: `Bearer ${token}` }
      return (await fetch(`http://${server.httpAddress}/v1/kv/a`, { method: 'PUT', body: '1', headers })).status
    }
    expect([await put('token-of-the-app-1'), await put('token-of-the-app-2')]).toEqual([200, 401])
    file('tokens', 'write app token-of-the-app-1\nwrite app token-of-the-app-2\n')
    server.reload()
    expect([await put('token-of-the-app-1'), await put('token-of-the-app-2')]).toEqual([200, 200])
    file('tokens', 'wriet app token-of-the-app-3\n')
    server.reload()
    expect([await put('token-of-the-app-2'), await put('token-of-the-app-3')]).toEqual([200, 401])
  })

  it.skipIf(!hasOpenssl)('speaks TLS, with clients that show a certificate', async () => {
    const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
    const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
    execFileSync('openssl', [...kind, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' })
    const pem = { ca: readFileSync(cert), cert: readFileSync(cert), key: readFileSync(key) }
    await using server = await startServer({ ...local(), tls: { cert, key, clientCa: cert } })
    const ask = (options: object) =>
      new Promise<number | string>(resolve => {
        const [host, port] = server.httpAddress.split(':')
        const sent = request({ host, port, path: '/livez', agent: false, ...options }, response => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
        sent.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? 'error'))
        sent.end()
      })
    expect(await ask(pem)).toBe(200)
    expect(await ask({ ca: pem.ca })).not.toBe(200)
    server.reload()
    expect(await ask(pem)).toBe(200)
  })

  it.skipIf(!hasOpenssl)(
    'ends connections on which nobody comes to speak TLS, or speaks something else',
    async () => {
      const tls = certificate('http', 'node.example', ',IP:127.0.0.1')
      await using server = await startServer({ ...local(), tls, limits: { headersTimeoutMs: 100 } })
      const closed = (says: string) =>
        new Promise<void>(resolve => {
          const [host, port] = server.httpAddress.split(':')
          const socket = connect({ host, port: Number(port), allowHalfOpen: true }, () => socket.write(says))
          socket.on('error', () => {})
          socket.on('close', () => resolve())
          socket.on('end', () => socket.end())
        })
      await Promise.all(['', '\x16', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'].map(closed))
    },
    5_000,
  )

  it.skipIf(!hasOpenssl)('talks to other nodes over TLS, with certificates of peers only, and renews them', async () => {
    const peer = certificate('peer', 'raft-peer')
    const first = await startServer({ ...local(), id: 'n1', peerTls: peer })
    const second = { ...local(), dir: join(dir, 'second'), id: 'n2', join: [first.httpAddress] }
    await expect(startServer({ ...second, peerTls: certificate('client', 'app.example') })).rejects.toThrow('DNS:raft-peer')
    const joined = await startServer({ ...second, peerTls: peer })
    try {
      certificate('peer', 'raft-peer')
      for (const server of [first, joined]) server.reload()
      const put = await fetch(`http://${joined.httpAddress}/v1/kv/a`, { method: 'PUT', body: '1' })
      expect(put.status).toBe(200)
    } finally {
      await Promise.all([first.close(), joined.close()])
    }
  })

  it.skipIf(!hasOpenssl)('joins over HTTPS, shows its certificate, and says when that ends', async () => {
    const tls = { ...certificate('http', 'node.example', ',IP:127.0.0.1'), clientCa: join(dir, 'http.pem') }
    const first = await startServer({ ...local(), id: 'n1', tls })
    const second = { ...local(), dir: join(dir, 'second'), id: 'n2', join: [first.httpAddress], tls }
    await expect(startServer(second)).rejects.toThrow('--join-ca')
    await expect(startServer({ ...second, tls: undefined })).rejects.toThrow('is not a node of a cluster')
    const joined = await startServer({ ...second, joinCa: tls.cert })
    try {
      const read = (name: string) => readFileSync(join(dir, name), 'utf8')
      const fetch = httpsFetch({ ca: read('http.pem'), cert: read('http.pem'), key: read('http.key') })
      const client = new KvClient({ endpoints: [`https://${joined.httpAddress}`], fetch })
      await client.set('a', '1')
      expect(await client.get('a')).toBe('1')
      const expiry = Number(/^tls_certificate_expiry_time_seconds\{use="http"\} (\d+)$/m.exec(await client.admin.metrics())?.[1])
      expect(expiry - Date.now() / 1_000).toBeGreaterThan(80_000)
    } finally {
      await Promise.all([first.close(), joined.close()])
    }
  })

  it('says which file it cannot read', async () => {
    await expect(startServer({ ...local(), tokens: join(dir, 'none') })).rejects.toThrow(`${join(dir, 'none')} cannot be read (ENOENT)`)
  })
})

/** One that has signed itself, so it is its own authority. */
function certificate(file: string, name: string, more = '') {
  const [cert, key] = [join(dir, `${file}.pem`), join(dir, `${file}.key`)]
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}${more}`]
  execFileSync('openssl', [...kind, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' })
  return { cert, key, ca: cert }
}

describe('tokens', () => {
  it.each([
    ['', 'holds none'],
    ['# only this', 'holds none'],
    ['admin me', 'line 1'],
    ['\nroot me token-of-the-root', 'line 2'],
    ['admin me short', 'shorter than 16'],
    ['admin me with blanks-in-the-token more', 'line 1'],
  ])('that are wrong are told by their line, never by what they hold: %j', (text, words) => {
    expect(() => new Authority(text)).toThrow(words)
    expect(() => new Authority(text)).not.toThrow(/token-of-the-root|short$|blanks/)
  })
})

it('the log says who has operated the cluster, or tried to, and never with which token', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', write: line => lines.push(line) })
  const tokens = file('tokens', 'admin olga token-of-the-admin-1\nread rita token-of-a-reader-1\n')
  await using server = await startServer({ ...local(), tokens, log })
  const ask = (token: string) =>
    fetch(`http://${server.httpAddress}/v1/members/n9?x=${token}`, { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } })
  await ask('token-of-the-admin-1')
  await ask('token-of-a-reader-1')
  const said = lines.filter(line => line.includes('operator:')).map(line => JSON.parse(line).msg)
  expect(said).toEqual(['operator: olga asked for DELETE /v1/members/n9: 404', 'operator: somebody asked for DELETE /v1/members/n9: 403'])
  expect(lines.join()).not.toMatch(/token-of/)
})
