import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Asking, checkSameCluster } from '../src/node/same-cluster.ts'
import { type FakeNode, fakeNode, member, statusOf } from './support/fake-node.ts'

let other: FakeNode
beforeEach(async () => {
  other = await fakeNode()
})
afterEach(() => other.close())

let said: string[] = []
const say = (message: string) => said.push(message)
const check = (clusterId: string, members: number, asking: Omit<Asking, 'say'> = {}) => {
  said = []
  return checkSameCluster({ dir: '/tmp/raft2', clusterId, members }, [other.address], { ...asking, say })
}
const answers = (clusterId: string, members: number) => {
  const all = Array.from({ length: members }, (_, at) => member(`n${at}`, ''))
  other.status = statusOf('n0', all, { clusterId, clientAddress: other.address })
}

test('a folder that belongs to the cluster at the join address goes on', async () => {
  answers('c0ffee', 3)
  await check('c0ffee', 1)
  expect(said).toEqual([])
})

test('a folder that has founded a cluster of its own is not taken for a member of another', async () => {
  answers('c0ffee', 3)
  await expect(check('facade', 1)).rejects.toThrow(/OTHER_CLUSTER: .tmp.raft2 belongs to cluster facade.* to join that, name a new folder/)
})

test('a member of several goes on although the join address has been founded anew: that one was wiped', async () => {
  answers('c0ffee', 1)
  await check('facade', 3)
})

test('an address that does not answer contradicts nothing, which is said', async () => {
  other.close()
  await check('facade', 1)
  expect(said).toEqual([
    expect.stringContaining(`not checked whether /tmp/raft2 belongs to the cluster that --join ${other.address} names: `),
  ])
})

test('is asked with a token where that is needed, and otherwise it is said that nothing was checked', async () => {
  answers('c0ffee', 3)
  other.token = 'token-of-a-reader-1'
  await check('facade', 1)
  expect(said).toEqual([expect.stringMatching(/not checked whether .*: .*token/)])
  await expect(check('facade', 1, { token: other.token })).rejects.toThrow('OTHER_CLUSTER')
})

// Node makes keys, but no certificates.
test.skipIf(spawnSync('openssl', ['version']).status !== 0)('is asked over HTTPS where the node itself speaks it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'raftctl-same-cluster-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=node']
  execFileSync('openssl', ['req', ...kind, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  other.close()
  other = await fakeNode({ cert: readFileSync(cert), key: readFileSync(key) })
  answers('c0ffee', 3)
  await expect(check('facade', 1, { tls: { cacert: cert, cert, key } })).rejects.toThrow('OTHER_CLUSTER')
  await check('facade', 1, { tls: { cacert: undefined, cert, key } })
  expect(said).toEqual([expect.stringContaining('not checked whether')]) // whom this node does not trust
  rmSync(folder, { recursive: true })
})
