import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, readlink, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JoinRequest, NodeOptions } from '../../src/api.ts'
import { RaftNode, ReplicatedMap } from '../../src/index.ts'
import { Register } from './register.ts'

/** Production nodes on real ports: TCP on free ports, LevelDB and files in temporary folders, the machine's clock. */

type Member = { readonly node: RaftNode<string>; readonly register: Register; readonly options: NodeOptions<string> }

let root: string
let members: Member[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'raft-node-'))
  members = []
})
afterEach(async () => {
  await Promise.all(members.map(({ node }) => node.close({ transfer: false })))
  await rm(root, { recursive: true, force: true })
})

async function start(id: string, options: Partial<NodeOptions<string>> = {}): Promise<Member> {
  const stateMachine = new Register()
  const all: NodeOptions<string> = {
    id,
    dir: join(root, id),
    listen: '127.0.0.1:0',
    log: 'level',
    tickMs: 20,
    stateMachine,
    resultCodec: Register.codec,
    ...options,
  }
  const node = await RaftNode.open(all)
  const member = { node, register: stateMachine, options: { ...all, listen: node.status().address } }
  members.push(member)
  return member
}

const joining = (through: Member) => ({ join: (request: JoinRequest) => through.node.membership.join(request) })

async function three(options: Partial<NodeOptions<string>> = {}): Promise<[Member, Member, Member]> {
  const n1 = await start('n1', { ...options, bootstrap: true })
  await n1.node.waitForLeader()
  const n2 = await start('n2', { ...options, ...joining(n1) })
  const n3 = await start('n3', { ...options, ...joining(n2) })
  await until(() => [n1, n2, n3].every(({ node }) => node.status().membership.voters.length === 3))
  return [n1, n2, n3]
}

async function reopen({ node, options }: Member, more: Partial<NodeOptions<string>> = {}): Promise<Member> {
  await node.close({ transfer: false })
  members = members.filter(member => member.node !== node)
  return start(options.id, { listen: options.listen, ...more })
}

const set = async ({ node }: Member, text: string) => (await node.apply(Register.command(text))).result

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    if (waited > 8_000) throw new Error('did not come true in time')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

const eachFile = async (dir: string, pattern: RegExp, change: (path: string) => Promise<void>) => {
  for (const name of await readdir(dir)) if (pattern.test(name)) await change(join(dir, name))
}

const damages: Readonly<Record<string, (dir: string) => Promise<void>>> = {
  'the files are cut': dir => eachFile(join(dir, 'log'), /\.(log|ldb)$/, path => truncate(path, 50)),
  'the file that names the others is gone': dir => rm(join(dir, 'log', 'CURRENT')),
  'nothing is left': dir => rm(join(dir, 'log'), { recursive: true }),
  'no snapshot can be read': dir => eachFile(join(dir, 'snapshots'), /./, path => truncate(path, 30)),
}

describe('on real ports', () => {
  test('three nodes write and read through any of them, and find everything again', async () => {
    const [n1, n2, n3] = await three()
    for (const [at, member] of [n1, n2, n3].entries()) expect(await set(member, `w${at}`)).toBe(`w${at} is number ${at + 1}`)
    for (const { node, register } of [n1, n2, n3]) {
      await node.read()
      expect(register.applied).toEqual(['w0', 'w1', 'w2'])
    }
    const again: Member[] = []
    for (const { node } of [n1, n2, n3]) await node.close({ transfer: false })
    for (const member of [n1, n2, n3]) again.push(await reopen(member))
    for (const { node, register } of again) {
      await node.read()
      expect(register.applied).toEqual(['w0', 'w1', 'w2'])
    }
  })

  test('a new folder gets a write-ahead log, and one that LevelDB has made goes on with that', async () => {
    const { node, options } = await start('n1', { bootstrap: true })
    await node.close()
    const { log, ...others } = options
    expect(log).toBe('level')
    for (const [id, folder] of [['n1', 'log'] as const, ['n2', 'wal'] as const]) {
      const dir = join(root, id)
      const opened = await RaftNode.open({ ...others, id, dir, listen: '127.0.0.1:0', bootstrap: true, stateMachine: new Register() })
      await opened.close()
      expect((await readdir(dir)).filter(name => name === 'log' || name === 'wal')).toEqual([folder])
    }
  })

  test('the leader closes: another one leads at once, and the closed one comes back', async () => {
    const [n1, n2] = await three()
    await set(n1, 'a')
    const before = performance.now()
    await n1.node.close()
    expect(performance.now() - before).toBeLessThan(1_000)
    expect(await set(n2, 'b')).toBe('b is number 2')
    const back = await reopen(n1)
    await back.node.read()
    expect(back.register.applied).toEqual(['a', 'b'])
  })

  test('whoever removes itself hears that it worked, as the leader and as a follower', async () => {
    const [n1, n2, n3] = await three()
    await n1.node.membership.remove('n1')
    await until(() => [n2, n3].some(({ node }) => node.status().role === 'leader'))
    const follower = n2.node.status().role === 'leader' ? n3 : n2
    await follower.node.membership.remove(follower.options.id)
    const last = follower === n2 ? n3 : n2
    expect(last.node.status().membership.voters).toEqual([last.options.id])
    expect(await set(last, 'a')).toBe('a is number 1')
  })

  test('who was away while the log was shortened gets a snapshot', async () => {
    const options = { snapshotEntries: 20, trailingEntries: 5 }
    const [n1, , n3] = await three(options)
    await n3.node.close()
    for (let i = 0; i < 100; i++) await set(n1, `w${i}`)
    await until(() => n1.node.status().first > 60)
    const back = await reopen(n3, options)
    await back.node.read()
    expect(back.register.applied.length).toBe(100)
    expect(back.register.restores).toBeGreaterThan(1)
  })

  for (const [what, damage] of Object.entries(damages)) {
    test(`a log of which ${what} is filled again by the leader`, async () => {
      const [n1, , n3] = await three({ snapshotEntries: 20, trailingEntries: 5 })
      for (let i = 0; i < 50; i++) await set(n1, `w${i}`)
      await n3.node.close()
      await damage(n3.options.dir)
      const told: string[] = []
      const back = await reopen(n3, { onEvent: event => event.type === 'repair' && told.push(event.what) })
      await until(() => back.node.status().repairs === undefined)
      expect(told).toEqual(['begun', 'finished'])
      await back.node.read()
      expect(back.register.applied.length).toBe(50)
      expect(await readdir(n3.options.dir)).toContain('.log.damaged-1')
      const again = await reopen(back)
      expect(again.node.status().repairs).toBe(undefined)
      expect(await set(again, 'more')).toBe('more is number 51')
    })
  }

  test('a damaged write-ahead log is kept under other names, and filled again', async () => {
    const n1 = await start('n1', { bootstrap: true, log: 'wal' })
    await n1.node.waitForLeader()
    const n2 = await start('n2', { log: 'wal', ...joining(n1) })
    const n3 = await start('n3', { log: 'wal', ...joining(n1) })
    await until(() => [n1, n2, n3].every(({ node }) => node.status().membership.voters.length === 3))
    for (let i = 0; i < 20; i++) await set(n1, `w${i}`)
    await n3.node.close()
    const wal = join(n3.options.dir, 'wal')
    const [first] = (await readdir(wal)).filter(name => name.endsWith('.wal'))
    const bytes = await readFile(join(wal, first!))
    const middle = Math.floor(bytes.findLastIndex(byte => byte !== 0) / 2) // the segment was made longer than what is in it
    bytes.fill(255, middle - 200, middle + 200)
    await writeFile(join(wal, first!), bytes)
    const back = await reopen(n3, { log: 'wal' })
    await until(() => back.node.status().repairs === undefined)
    await back.node.read()
    expect(back.register.applied.length).toBe(20)
    const kept = (await readdir(wal)).filter(name => name.startsWith('.damaged-1-'))
    expect(Buffer.compare(await readFile(join(wal, kept[0]!)), bytes)).toBe(0)
    const again = await reopen(back, { log: 'wal' })
    expect(again.node.status().repairs).toBe(undefined)
  })

  test.skipIf(!existsSync('/proc/self/fd'))('a state machine need not read its snapshot: no file stays open', async () => {
    class Incurious extends Register {
      override async restore(): Promise<void> {}
    }
    const n1 = await start('n1', { bootstrap: true })
    await n1.node.waitForLeader()
    await set(n1, 'a')
    await n1.node.snapshot()
    await reopen(n1, { stateMachine: new Incurious() })
    const files = await readdir('/proc/self/fd')
    const open = await Promise.all(files.map(file => readlink(`/proc/self/fd/${file}`).catch(() => '')))
    expect(open.filter(path => path.startsWith(root) && path.endsWith('.snap'))).toEqual([])
  })

  test('without a readable watermark a folder is as good as wiped, and the error says what to do', async () => {
    const [n1, , n3] = await three()
    await set(n1, 'a')
    await n3.node.close()
    for (const name of ['watermark-a', 'watermark-b']) await writeFile(join(n3.options.dir, name), 'nothing of use')
    await expect(reopen(n3)).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringMatching(/raftctl node join --replace.*raftctl recover/),
    })
  })

  test('a wiped folder is refused, then replaced', async () => {
    const [n1, n2] = await three()
    await set(n1, 'a')
    await n2.node.close()
    await rm(n2.options.dir, { recursive: true })
    await expect(reopen(n2, joining(n1))).rejects.toMatchObject({ code: 'WIPED_MEMBER' })
    const replaced = await start('n2', { listen: n2.options.listen, ...joining(n1), replace: true })
    expect(replaced.node.identity.nodeId).toBe('n2~2')
    await until(() => replaced.node.status().membership.voters.length === 3)
    await replaced.node.read()
    expect(replaced.register.applied).toEqual(['a'])
  })

  test('an old copy of a folder is told by what it lacks', async () => {
    const [n1, , n3] = await three()
    await set(n1, 'a')
    await n3.node.close({ transfer: false })
    const copy = `${n3.options.dir}-copy`
    await cp(n3.options.dir, copy, { recursive: true })
    const again = await reopen(n3)
    await set(n1, 'b')
    await again.node.read()
    await until(() => n1.node.status().members.every(({ match }) => match === n1.node.status().last.index))
    await again.node.close({ transfer: false })
    await rm(n3.options.dir, { recursive: true })
    await rename(copy, n3.options.dir)
    const old = await reopen(again)
    await until(() => old.node.status().fault?.code === 'OLD_FOLDER')
    await expect(set(old, 'x')).rejects.toMatchObject({ code: 'OLD_FOLDER', outcome: 'not-applied' })
    expect(await set(n1, 'c')).toBe('c is number 3')
  })

  test('a wiped founder stops serving, and joins again with the same folder', async () => {
    const [n1, n2] = await three()
    await n1.node.close()
    await rm(n1.options.dir, { recursive: true })
    const wiped = await reopen(n1, { bootstrap: true })
    await until(() => wiped.node.status().fault?.code === 'WIPED_MEMBER')
    await expect(set(wiped, 'x')).rejects.toMatchObject({ code: 'WIPED_MEMBER' })
    const back = await reopen(wiped, { ...joining(n2), replace: true })
    expect(back.node.identity.nodeId).toBe('n1~2')
    await until(() => back.node.status().membership.voters.length === 3)
  })

  test('an address or a folder in use is refused, and nothing stays open', async () => {
    const n1 = await start('n1', { bootstrap: true })
    await expect(start('n2', { listen: n1.options.listen, bootstrap: true })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
    await expect(start('n1')).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
    const n2 = await start('n2', { bootstrap: true })
    await n2.node.waitForLeader()
  })

  test('the longest command gets through, forwarded and replicated; a longer one is refused', async () => {
    const [n1, n2] = await three()
    const longest = 8 * 1024 * 1024 - 512
    await n2.node.apply(new Uint8Array(longest).fill(97))
    await n2.node.read()
    expect(n2.register.applied.map(text => text.length)).toEqual([longest])
    await expect(n1.node.apply(new Uint8Array(longest + 1))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', outcome: 'not-applied' })
  })

  test('a replicated map in three lines', async () => {
    await using map = await ReplicatedMap.open<string>({
      id: 'm1',
      dir: join(root, 'm1'),
      listen: '127.0.0.1:0',
      bootstrap: true,
      tickMs: 20,
    })
    await map.set('color', 'green')
    expect(await map.get('color')).toBe('green')
    expect(await map.delete('color')).toBe(true)
    expect(await map.get('color')).toBeUndefined()
  })

  test('what becomes of an object that a map has given changes nothing in the map', async () => {
    const options = { id: 'm1', dir: join(root, 'm1'), listen: '127.0.0.1:0', tickMs: 20 }
    await using map = await ReplicatedMap.open<{ tags: string[] }>({ ...options, bootstrap: true })
    await map.set('color', { tags: ['green'] })
    const mine = await map.get('color')
    mine?.tags.push('mine only')
    expect(await map.get('color', { consistency: 'stale' })).toEqual({ tags: ['green'] })
  })

  test('a map says which keys and values it cannot carry', async () => {
    const options = { id: 'm1', dir: join(root, 'm1'), listen: '127.0.0.1:0', tickMs: 20 }
    await using map = await ReplicatedMap.open({ ...options, bootstrap: true })
    const circular: unknown[] = []
    circular.push(circular)
    const refused = { code: 'INVALID_ARGUMENT', outcome: 'not-applied' }
    await expect(map.set('half \ud800', 1)).rejects.toMatchObject(refused)
    await expect(map.set('long', 2n ** 70n)).rejects.toMatchObject(refused)
    await expect(map.set('circular', circular)).rejects.toMatchObject(refused)
    await map.set('whole \u{1f600}', 1)
    expect(await map.get('whole \u{1f600}')).toBe(1)
  })
})
