import { strict as assert } from 'node:assert'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Cluster, prepare } from '../harness/cluster.ts'
import { set } from '../harness/http.ts'
import type { TestNode } from '../harness/node.ts'
import { freePorts } from '../harness/ports.ts'
import { raftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'

export const badStarts: readonly Scenario[] = [
  refused('unknown flag', /unknown flag --htpt.*--help/, async () => ['node', 'start', '--htpt', 'x', '/tmp/never'], 2),
  refused('missing folder argument', /missing DIR.*folder/, async () => ['node', 'start'], 2),
  refused('missing --join', /join/, async () => ['node', 'join', '/tmp/never'], 2),
  refused(
    'an address that is none',
    /8180x.*(HOST:PORT|host:port)/,
    async () => ['node', 'start', '--http', 'localhost:8180x', '/tmp/never'],
    2,
  ),
  refused('an origin of web pages that is none', /'app\.example\.com' is not an origin: .*https:/, async folder => [
    'node',
    'start',
    '--cors-origins',
    'app.example.com',
    join(folder, 'never'),
  ]),
  refused('HTTP port in use', /in use/, async folder => {
    const { node, other } = await oneRunning(folder)
    return commandWith(other, { '--http': node.http })
  }),
  refused('Raft port in use', /in use/, async folder => {
    const { node, other } = await oneRunning(folder)
    return commandWith(other, { '--raft': node.raft })
  }),
  refused('folder not writable', /(not writable|permission|cannot|read-only).*/i, async folder => {
    const [node] = (await prepare(folder)).nodes
    assert(node !== undefined)
    return [...node.command().slice(0, -1), await unwritable(folder)]
  }),
  refused('folder that is a file', /\S/, async folder => {
    const [node] = (await prepare(folder)).nodes
    assert(node !== undefined)
    await writeFile(join(folder, 'file'), 'x')
    return [...node.command().slice(0, -1), join(folder, 'file')]
  }),
  refused('folder with other things in it', /(empty|new)/, async folder => {
    const [node] = (await prepare(folder)).nodes
    assert(node !== undefined)
    await mkdir(node.settings.dir, { recursive: true })
    await writeFile(join(node.settings.dir, 'thesis.tex'), 'x')
    return node.command()
  }),
  refused('folder in use by another process', /in use/, async folder => {
    const { node, other } = await oneRunning(folder)
    return [...other.command().slice(0, -1), node.settings.dir]
  }),
  refused('folder of another cluster', /OTHER_CLUSTER.*new folder/, async folder => {
    const { node, other } = await oneRunning(folder)
    await other.start() // founds a cluster of its own
    await other.ready()
    await other.stop()
    return other.command(['--join', node.http])
  }),
  refused('folder of another format version', /format 2.*format 1/, async folder => {
    const { node } = await oneRunning(folder)
    await node.stop()
    for (const copy of ['watermark-a', 'watermark-b']) await withFormat(join(node.settings.dir, copy), 2)
    return node.command()
  }),
  refused('join address that nobody listens on', /nobody listens at .*--join/, async folder => {
    const [node] = (await prepare(folder)).nodes
    assert(node !== undefined)
    return node.command(['--join', `127.0.0.1:${await freePorts(1)}`])
  }),
  refused('join address that is another web server', /not a node/, async folder => {
    const [node] = (await prepare(folder)).nodes
    assert(node !== undefined)
    return node.command(['--join', await webServer()])
  }),
  refused('join address that is a Raft port', /not a node/, async folder => {
    const { node, other } = await oneRunning(folder)
    return other.command(['--join', node.raft])
  }),
]

/** One line on stderr that says what to do, no stack trace, a non-zero exit code. */
function refused(what: string, says: RegExp, command: (folder: string) => Promise<string[]>, exitCode = 1): Scenario {
  return {
    name: `refused with one clear line: ${what}`,
    run: async folder => {
      const { code, stderr, stdout } = await raftctl([...(await command(folder)), ...(exitCode === 2 ? [] : ['--log-level', 'silent'])])
      assert.equal(code, exitCode, stderr)
      const lines = stderr.trim().split('\n')
      assert.equal(lines.length, 1, stderr)
      assert.match(lines[0] ?? '', /^raftctl: /)
      assert.match(lines[0] ?? '', says)
      assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/)
      assert.equal(stdout, '')
    },
  }
}

async function oneRunning(folder: string): Promise<{ node: TestNode; other: TestNode; cluster: Cluster }> {
  const cluster = await prepare(folder)
  const [node, other] = [cluster.node(1), cluster.node(2)]
  await node.start()
  await node.ready()
  await set(node.http, 'foo', 'bar')
  return { node, other, cluster }
}

function commandWith(node: TestNode, changes: Readonly<Record<string, string>>): string[] {
  const words = node.command()
  return words.map((word, at) => changes[words[at - 1] ?? ''] ?? word)
}

/** Root may write everywhere, except where the kernel shows things that are no files. */
async function unwritable(folder: string): Promise<string> {
  if (process.getuid?.() === 0) return '/sys/raft'
  const locked = join(folder, 'locked')
  await mkdir(locked)
  await chmod(locked, 0o500)
  return join(locked, 'data')
}

/** A watermark block is `crc32 u32, version u8, …`, the checksum over everything after it. */
async function withFormat(file: string, version: number): Promise<void> {
  const block = await readFile(file)
  block.writeUInt8(version, 4)
  block.writeUInt32BE(crc32(block.subarray(4)), 0)
  await writeFile(file, block)
}

function webServer(): Promise<string> {
  const server = createServer((_, response) => response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>no such page</h1>'))
  server.unref()
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      assert(address !== null && typeof address === 'object')
      resolve(`127.0.0.1:${address.port}`)
    }),
  )
}
