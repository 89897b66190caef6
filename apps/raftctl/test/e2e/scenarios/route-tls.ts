import { strict as assert } from 'node:assert'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KvClient } from 'kv-client'
import { httpsFetch } from 'kv-client/node'
import { prepare } from '../harness/cluster.ts'
import { freePorts } from '../harness/ports.ts'
import { spawnRaftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

const token = 'token-of-the-operator'
// Node makes keys, but no certificates.
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

const overTls: Scenario = {
  name: 'mutual TLS for clients and peers, tokens and a join secret: a cluster in which strangers do nothing; certificates renewed by SIGHUP',
  run: async folder => {
    const pem = authority(join(folder, 'pem'))
    const tokens = join(folder, 'tokens')
    writeFileSync(tokens, `admin operator ${token}\n`)
    pem.sign('http', 'DNS:node.example,IP:127.0.0.1')
    pem.sign('peer', 'DNS:raft-peer')
    const file = (name: string) => join(folder, 'pem', name)
    const flags = [
      ...['--tls-cert', file('http.pem'), '--tls-key', file('http.key'), '--tls-client-ca', file('ca.pem'), '--join-ca', file('ca.pem')],
      ...['--peer-cert', file('peer.pem'), '--peer-key', file('peer.key'), '--peer-ca', file('ca.pem'), '--tokens', tokens],
    ]
    const cluster = await prepare(folder, flags, 2)
    const [first, second] = [cluster.node(1), cluster.node(2)]
    const certificates = { ca: pem.read('ca.pem'), cert: pem.read('http.pem'), key: pem.read('http.key') }
    const to = (http: string, more: object = {}) =>
      new KvClient({ endpoints: [`https://${http}`], token, fetch: httpsFetch(certificates), ...more })
    const ready = async (http: string) => assert((await to(http).admin.ready()).healthy)

    first.spawn()
    await eventually('the first node serves', () => ready(first.http))
    const { secret } = await to(first.http).admin.createJoinSecret()
    second.spawn(['--join', first.http, '--join-secret', secret])
    await eventually('the second serves', () => ready(second.http))
    await to(second.http).set('a', '1')
    assert.equal(await to(first.http).get('a'), '1')

    await assert.rejects(to(first.http, { token: undefined }).get('a'), { code: 'UNAUTHORIZED' })
    await assert.rejects(to(first.http, { fetch: httpsFetch({ ca: certificates.ca }) }).get('a'), { code: 'UNREACHABLE' })
    await assert.rejects(new KvClient({ endpoints: [first.http] }).get('a', { timeoutMs: 1_000 }), { code: 'UNREACHABLE' })

    const expiry = async () => /expiry_time_seconds\{use="http"\} (\d+)/.exec(await to(first.http).admin.metrics())?.[1]
    const before = await expiry()
    for (const name of ['http', 'peer']) pem.sign(name, name === 'http' ? 'DNS:node.example,IP:127.0.0.1' : 'DNS:raft-peer', 9)
    for (const node of [first, second]) node.process.signal('SIGHUP')
    await eventually('the new certificates are in use', async () => assert.notEqual(await expiry(), before))
    await to(second.http).set('a', '2')
    assert.equal(await to(first.http).get('a'), '2')
  },
}

export const routeTls: readonly Scenario[] = [
  ...(hasOpenssl ? [overTls] : []),
  {
    name: 'a node does not listen where others can reach it without TLS and tokens, unless --insecure is said',
    run: async folder => {
      const port = await freePorts(2)
      const start = (...flags: string[]) =>
        spawnRaftctl(['node', 'start', '--http', `0.0.0.0:${port}`, '--raft', `127.0.0.1:${port + 1}`, ...flags, join(folder, 'data')])
      const refused = start()
      assert.notEqual((await refused.ended).code, 0)
      assert.match(refused.stderr, /it needs TLS \(--tls-cert and --tls-key\) and tokens \(--tokens\); .* say --insecure/)
      const allowed = start('--insecure')
      await eventually('it serves', () => assert.match(allowed.stdout, /clients +http:/))
    },
  },
]

/** Somebody who signs certificates, into a folder. */
function authority(dir: string) {
  mkdirSync(dir)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const run = (...args: string[]) => execFileSync('openssl', ['req', '-x509', ...key, ...args], { cwd: dir, stdio: 'ignore' })
  run('-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority')
  return {
    sign(name: string, names: string, days = 2): void {
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', String(days)]
      const extensions = ['-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=critical,CA:FALSE']
      run(...signed, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`, ...extensions)
    },
    read: (name: string) => readFileSync(join(dir, name), 'utf8'),
  }
}
