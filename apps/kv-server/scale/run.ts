// `npm run scale -w kv-server -- [--keys N] [--watches N] [--connections N]`: one server, with as much of everything as it promises to bear.
// A list of a million keys is streamed in flat memory, also to a client that does not read; a thousand watches are told every write;
// ten thousand idle connections leave writes as they were. Exits with 1 if one of them is not so.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { countFrom, optionsFrom } from '../../../scripts/options.ts'
import { measureWrites, Target } from './client.ts'

const usage = 'npm run scale -w kv-server -- [--keys N] [--watches N] [--connections N]    default 1000000, 1000 and 10000'
const asked = optionsFrom(usage, ['keys', 'watches', 'connections'])
const keys = countFrom('--keys', asked.keys ?? '1000000')
const watches = countFrom('--watches', asked.watches ?? '1000', 0)
const connections = countFrom('--connections', asked.connections ?? '10000', 0)
const MiB = 2 ** 20
const value = 'v'.repeat(100)
let failed = false

const child = fork(new URL('server.ts', import.meta.url), { execArgv: [...process.execArgv, '--expose-gc'] })
const [address] = (await once(child, 'message')) as [string]
const target = new Target(address)
await idleConnections()
await manyWatches()
await longList()
child.disconnect()
await once(child, 'exit')
process.exit(failed ? 1 : 0)

async function idleConnections(): Promise<void> {
  await measureWrites(target, 16, 2_000) // warm
  const before = await measureWrites(target, 16, 3_000)
  const sockets: Socket[] = []
  // Idle is who has asked something and keeps the connection; who never says anything is closed.
  for (let left = connections; left > 0; left -= 500) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(500, left) }, () => target.idle()))))
  }
  const during = await measureWrites(target, 16, 3_000)
  const open = sockets.filter(socket => !socket.destroyed).length
  for (const socket of sockets) socket.destroy()
  const words = ({ perSecond, p50, p99 }: typeof before) => `${perSecond}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`
  judge(
    `${open} idle connections: ${words(during)}; without them ${words(before)}`,
    open === connections && during.perSecond > before.perSecond * 0.7 && during.p99 < before.p99 * 2 + 20,
  )
}

async function manyWatches(): Promise<void> {
  const writes = 50
  const streams = await Promise.all(Array.from({ length: watches }, () => target.open('/v1/watch?prefix=watched')))
  const began = performance.now()
  const told = streams.map(async stream => {
    const revisions: number[] = []
    let text = ''
    for await (const chunk of stream) {
      text += chunk
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) if (event.includes('event: changes')) revisions.push(Number(/^id: (\d+)$/m.exec(event)?.[1]))
      if (revisions.length >= writes) break
    }
    return revisions
  })
  for (let n = 0; n < writes; n++) await target.send('PUT', '/v1/kv/watched', String(n))
  const all = await Promise.race([Promise.all(told), new Promise<number[][]>(resolve => setTimeout(() => resolve([]), 30_000))])
  const seconds = (performance.now() - began) / 1_000
  const isRight = all.length === watches && all.every(revisions => String(revisions) === String(all[0]) && isAscending(revisions))
  judge(`${watches} watches were told ${writes} writes each, in order, in ${seconds.toFixed(1)} s`, isRight)
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0))
}

async function longList(): Promise<void> {
  const batch = 20_000
  for (let from = 0; from < keys; from += batch) {
    const count = Math.min(batch, keys - from)
    const pairs = Array.from({ length: count }, (_, n) => [`list/${String(from + n).padStart(9, '0')}`, value])
    await target.send('POST', '/key', JSON.stringify(Object.fromEntries(pairs)))
  }
  const path = `/v1/kv?prefix=list/&limit=${keys}`
  await readAll(path) // so that memory which the list takes once and keeps is not counted
  const before = await memoryInUse()
  // Who asks for all and reads nothing costs no more than who reads.
  const lazy = await Promise.all(Array.from({ length: 20 }, () => target.open(path)))
  const samples: number[] = []
  let isRead = false
  const sampling = (async () => {
    while (!isRead) {
      samples.push(await memoryInUse())
      await new Promise(resume => setTimeout(resume, 1_500)) // collecting takes long, and the list must go on
    }
  })()
  const { bytes, items, ms } = await readAll(path)
  isRead = true
  await sampling
  for (const one of lazy) one.destroy()
  const grown = (Math.max(...samples) - before) / MiB
  judge(
    `a list of ${items} keys (${Math.round(bytes / MiB)} MiB in ${(ms / 1_000).toFixed(1)} s), and 20 more that nobody reads: ${samples.length} times in between ${Math.round(grown)} MiB more in use, at most`,
    items === keys && samples.length > 2 && grown < 32,
  )
}

/** What the server holds on to now, in bytes: garbage is collected first, and when it would be by itself says little. */
async function memoryInUse(): Promise<number> {
  child.send('memory')
  const [bytes] = (await once(child, 'message')) as [number]
  return bytes
}

async function readAll(path: string): Promise<{ readonly bytes: number; readonly items: number; readonly ms: number }> {
  const began = performance.now()
  let [bytes, items] = [0, 0]
  let tail = ''
  for await (const chunk of await target.open(path)) {
    bytes += chunk.length
    const text = tail + chunk.toString('latin1')
    items += text.split('"modified":').length - 1
    tail = text.slice(text.lastIndexOf('"modified":') < 0 ? -11 : Math.max(text.lastIndexOf('"modified":') + 11, text.length - 11))
  }
  return { bytes, items, ms: performance.now() - began }
}

function judge(what: string, isSo: boolean): void {
  process.stdout.write(`${isSo ? 'ok  ' : 'FAIL'}  ${what}\n`)
  if (!isSo) failed = true
}
