import { afterEach, beforeEach, expect, test } from 'vitest'
import ClusterStatus from '../src/commands/cluster/status.ts'
import { type FakeNode, fakeNode, member, statusOf } from './support/fake-node.ts'
import { runCommand } from './support/run-command.ts'

let nodes: FakeNode[]
beforeEach(async () => {
  nodes = await Promise.all([fakeNode(), fakeNode(), fakeNode()])
})
afterEach(() => {
  for (const node of nodes) node.close()
})

const addressOf = (at: number) => nodes[at]?.address ?? ''
const status = (...argv: string[]) => runCommand(ClusterStatus, 'cluster:status', ['-e', addressOf(1), ...argv])

/** n1 leads; n3 is 40 entries behind. */
function healthy(): void {
  const contacts = [undefined, 12.3, 99.9]
  const members = contacts.map((lastContactMs, at) => member(`n${at + 1}`, addressOf(at), { lastContactMs, match: 100 }))
  const plain = members.map(({ lastContactMs: _, match: __, ...rest }) => rest)
  const [one, two, three] = nodes as [FakeNode, FakeNode, FakeNode]
  one.status = statusOf('n1', members, { role: 'leader' })
  two.status = statusOf('n2', plain)
  three.status = statusOf('n3', plain, { applied: 60 })
}

test('the table shows every member, with the lag and last contact that the leader knows', async () => {
  healthy()
  const { stdout, code } = await status()
  const [heading, ...rows] = stdout
    .replaceAll(/127\.0\.0\.1:\d+/g, 'client')
    .replaceAll(/ +/g, ' ')
    .trim()
    .split('\n')
  expect(code).toBe(0)
  expect(heading).toBe('ID ADDRESS CLIENTS ROLE TERM COMMIT APPLIED LAG LAST CONTACT VERSION DISK')
  expect(rows).toEqual([
    'n1 n1:8186 client leader 3 100 100 0 - 0.1.0 2.0 KiB',
    'n2 n2:8186 client follower 3 100 100 0 12 ms 0.1.0 2.0 KiB',
    'n3 n3:8186 client follower 3 100 60 40 100 ms 0.1.0 2.0 KiB',
    '3 voters, majority 2: survives 1 failure. One voter more would add none: an even number needs a larger majority (3 of 4).',
  ])
})

test('a member that does not answer is shown as unreachable; the rest is shown all the same', async () => {
  healthy()
  nodes[2]?.close()
  const { stdout, code } = await status()
  expect(code).toBe(0)
  expect(stdout).toMatch(/^n3 .* unreachable +- +- +- +0 +100 ms +- +-$/m)
  expect(stdout).toContain('Now 1 of them is down: survives 0 more.')
})

test('works without a leader, and says so', async () => {
  healthy()
  nodes[0]?.close()
  expect((await status()).stdout).toContain('There is no leader at the moment')
})

test('says that the majority is lost', async () => {
  healthy()
  nodes[0]?.close()
  nodes[2]?.close()
  expect((await status()).stdout).toContain('Only 1 of 3 answer, 2 are needed: writes wait until more are back.')
})

test('a node that does not serve says why', async () => {
  healthy()
  const [one] = nodes
  if (one?.status) one.status = { ...one.status, fault: { code: 'WIPED_MEMBER', message: 'this folder is new' } }
  expect((await status()).stdout).toContain('n1 does not serve: this folder is new')
})

test('--field and --output json give programs the same values', async () => {
  healthy()
  expect((await status('--field', 'leader')).stdout).toBe('n1\n')
  expect((await status('--field', 'members.2.lag')).stdout).toBe('40\n')
  expect(JSON.parse((await status('-o', 'json')).stdout).tolerance).toMatchObject({ voters: 3, needed: 2, survives: 1 })
  expect((await status('-o', 'csv')).stdout.split('\n')).toHaveLength(5)
  expect((await status('-o', 'yaml')).stdout).toMatch(/^members:\n {2}- id: n1\n {4}address: "n1:8186"\n/m)
})

test('--field with a name that is not there lists those that are', async () => {
  healthy()
  const ran = await status('--field', 'boss')
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toMatch(/no "boss"; there is clusterId, leader, members/)
})

test('a member that was wiped and runs as a cluster of its own is not counted, and says why', async () => {
  healthy()
  const [one, two] = nodes as [FakeNode, FakeNode]
  const members = two.status?.members ?? []
  // n1 leads a cluster of its own, in a later term; n2 leads ours.
  if (one.status) one.status = { ...one.status, clusterId: 'other', term: 9, fault: { code: 'WIPED_MEMBER', message: 'it was wiped' } }
  two.status = statusOf('n2', members, { role: 'leader' })
  const { stdout } = await status()
  expect(stdout).toMatch(/^n1 .* unreachable /m)
  expect(stdout).toContain('n1 does not serve: it was wiped')
  expect(stdout).toContain('Now 1 of them is down: survives 0 more.')
  expect((await status('--field', 'leader')).stdout).toBe('n2\n')
})

test('what nobody knows is a dash: the lag of a silent member under a new leader, the last contact without one', async () => {
  healthy()
  const [one] = nodes as [FakeNode]
  if (one.status) one.status = { ...one.status, members: one.status.members.map(member => ({ ...member, match: 0 })) }
  nodes[2]?.close()
  expect((await status()).stdout).toMatch(/^n3 .* unreachable +- +- +- +- +100 ms +- +-$/m)
  nodes[0]?.close()
  expect((await status()).stdout).toMatch(/^n2 .* follower .* - +0.1.0 +2.0 KiB$/m)
})
