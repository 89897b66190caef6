import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Position } from 'raft-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JoinRequest, NodeOptions } from '../../src/api.ts'
import { systemClock } from '../../src/clock/system-clock.ts'
import { RaftNode } from '../../src/raft-node.ts'
import { describeRecovery, recoverCluster } from '../../src/recover/index.ts'
import { ReplicatedState } from '../../src/replicated-state.ts'
import { openStorage } from '../../src/storage/level.ts'
import { Register } from './register.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'raft-recover-test-'))
})
afterEach(() => rm(root, { recursive: true }))

/** One that nobody listens on at the moment. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `127.0.0.1:${port}`
}

type Running = { readonly node: RaftNode<string>; readonly register: Register; readonly address: string }

async function open(id: string, dir: string, options: Partial<NodeOptions<string>>): Promise<Running> {
  const register = new Register()
  const base = { id, dir: join(root, dir), listen: '127.0.0.1:0', stateMachine: register, resultCodec: Register.codec }
  const node = await RaftNode.open<string>({ ...base, tickMs: 20, ...options })
  return { node, register, address: node.status().address }
}

/** Node n1's folder, with the majority of its cluster gone and one more entry that nobody has acknowledged. */
async function leftBehind(log: 'level' | 'wal'): Promise<{ readonly dir: string; readonly address: string }> {
  // It must lead still when the others have closed, however long that takes on a busy machine.
  const n1 = await open('n1', 'n1', { log, bootstrap: true, electionTicks: 250 })
  await n1.node.waitForLeader()
  const join = (request: JoinRequest) => n1.node.membership.join(request)
  const [n2, n3] = [await open('n2', 'n2', { join }), await open('n3', 'n3', { join })]
  while (n1.node.status().membership.voters.length < 3) await new Promise(resolve => setTimeout(resolve, 20))
  await n1.node.apply(Register.command('kept'))
  await Promise.all([n2.node.close({ transfer: false }), n3.node.close({ transfer: false })])
  await n1.node.apply(Register.command('unacknowledged'), { timeoutMs: 100 }).catch(() => {})
  await n1.node.close({ transfer: false })
  return { dir: `${root}/n1`, address: n1.address }
}

/** The last thing that the node did was to write a snapshot that the leader had sent. */
async function received(dir: string, log: 'level' | 'wal'): Promise<Position> {
  const clock = systemClock()
  const { logStore, snapshotStore } = openStorage({ dir, log, clock })
  const { state } = await logStore.open()
  const register = new Register()
  register.applied = ['from the leader']
  const position = { term: state.hardState.term, index: (state.entries.at(-1)?.index ?? 0) + 50 }
  const membership = { voters: ['n1', 'n2', 'n3'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
  const [{ members = [] } = {}] = await snapshotStore.list()
  const meta = { ...position, membership, membershipIndex: position.index, members, chain: 7, hasNodePart: true }
  await snapshotStore.write(meta, new ReplicatedState(register, Register.codec, clock).snapshot())
  await logStore.close()
  return position
}

describe.each(['level', 'wal'] as const)('a cluster that has lost its majority, with the log store %s', log => {
  test('is made anew from one folder; members come in again', { timeout: 60_000 }, async () => {
    const { dir, address } = await leftBehind(log)
    const n2Address = await freeAddress()
    const members = [
      { id: 'n1', address },
      { id: 'n2', address: n2Address },
    ]
    const recovery = await recoverCluster(dir, members)
    expect(recovery.membership.before.voters).toEqual(['n1', 'n2', 'n3'])
    expect(recovery.membership.after).toMatchObject({ voters: ['n1'], outgoing: [], learners: ['n2~2'], promoting: ['n2~2'] })
    expect(recovery.commits.at(-1)).toMatchObject({ type: 'command', index: recovery.last.index })

    const n1 = await open('n1', 'n1', { log, listen: address })
    await n1.node.waitForLeader()
    expect(n1.node.identity.clusterId).toBe(recovery.clusterId.after)
    await n1.node.apply(Register.command('new'))
    expect(n1.register.applied).toEqual(['kept', 'unacknowledged', 'new'])
    const n2 = await open('n2', 'empty', { listen: n2Address, join: request => n1.node.membership.join(request) })
    expect(n2.node.identity.nodeId).toBe('n2~2')
    while (n1.node.status().membership.voters.length < 2) await new Promise(resolve => setTimeout(resolve, 20))
    await n2.node.read({ timeoutMs: 10_000 })
    expect(n2.register.applied).toEqual(['kept', 'unacknowledged', 'new'])
    await Promise.all([n1.node.close(), n2.node.close()])
  })

  test('a dry run says the same and changes nothing', { timeout: 60_000 }, async () => {
    const { dir, address } = await leftBehind(log)
    const content = async () => {
      const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile() && entry.name !== 'LOCK')
      const files = names.map(async ({ parentPath, name }) => [name, (await readFile(join(parentPath, name))).toString('base64')])
      return Object.fromEntries(await Promise.all(files))
    }
    const before = await content()
    const recovery = await recoverCluster(dir, [{ id: 'n1', address }], { dryRun: true })
    expect(await content()).toEqual(before)
    expect(recovery).toMatchObject({ isDryRun: true, clusterId: { after: undefined }, membership: { after: { voters: ['n1'] } } })
    const text = describeRecovery(recovery)
    expect(text).toContain('Nothing has been changed.')
    expect(text).toContain(
      `whatever was acknowledged after entry ${recovery.last.index} of term ${recovery.last.term} and is only with n2, n3`,
    )
    const real = await recoverCluster(dir, [{ id: 'n1', address }])
    expect({ ...real, isDryRun: true, clusterId: recovery.clusterId }).toEqual(recovery)
  })

  test('is made anew from a snapshot of the leader that the log had not begun after yet', { timeout: 60_000 }, async () => {
    const { dir, address } = await leftBehind(log)
    const snapshot = await received(dir, log)
    const dry = await recoverCluster(dir, [{ id: 'n1', address }], { dryRun: true })
    const recovery = await recoverCluster(dir, [{ id: 'n1', address }])
    expect(recovery).toMatchObject({ committed: snapshot.index, commits: [], last: snapshot })
    expect({ ...recovery, isDryRun: true, clusterId: dry.clusterId }).toEqual(dry)
    const n1 = await open('n1', 'n1', { log, listen: address })
    await n1.node.apply(Register.command('new'))
    expect(n1.register.applied).toEqual(['from the leader', 'new'])
    await n1.node.close()
  })

  test('what cannot be recovered is refused in words', { timeout: 60_000 }, async () => {
    const { dir, address } = await leftBehind(log)
    await expect(recoverCluster(dir, [{ id: 'n9', address }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(recoverCluster(dir, [{ id: 'n1', address: 'nowhere' }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    for (const other of [
      { id: 'n2', address: '127.0.0.1:2' },
      { id: 'n1', address: '127.0.0.1:3' },
      { id: 'n3', address },
    ]) {
      const wanted = [{ id: 'n1', address }, { id: 'n2', address: '127.0.0.1:1' }, other]
      const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('cannot both be members') }
      await expect(recoverCluster(dir, wanted)).rejects.toMatchObject(refused)
    }
    const n1 = await open('n1', 'n1', { log, listen: address })
    await expect(recoverCluster(dir, [{ id: 'n1', address }])).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
    await n1.node.close()
    await expect(recoverCluster(`${root}/none`, [{ id: 'n1', address }])).rejects.toMatchObject({ code: 'FOLDER_FOREIGN' })
  })
})
