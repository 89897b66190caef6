import { EventEmitter } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it } from 'vitest'
import { endWith, writeAll } from '../src/http/respond.ts'
import { History } from '../src/store/history.ts'
import { Turns } from '../src/watching/turns.ts'
import { Watchers } from '../src/watching/watchers.ts'

/** To a client that takes everything at once, as one on the same machine does: each write is over before the next turn of the event loop. */
class QuickResponse extends EventEmitter {
  destroyed = false
  readonly writableEnded = false
  writableNeedDrain = false
  writes = 0

  write(): boolean {
    this.writes++
    this.writableNeedDrain = true
    process.nextTick(() => {
      this.writableNeedDrain = false
      this.emit('drain')
    })
    return false
  }

  /** How many turns others had until so many writes were done. */
  async turnsUntil(writes: number): Promise<number> {
    let turns = 0
    while (this.writes < writes) {
      turns++
      await new Promise(resolve => setImmediate(resolve))
    }
    return turns
  }
}

it('a long answer leaves others their turns, however quickly the client reads', async () => {
  const response = new QuickResponse()
  const [turns] = await Promise.all([
    response.turnsUntil(100),
    writeAll(response as unknown as ServerResponse, Array<string>(100).fill('x')),
  ])
  expect(turns).toBeGreaterThanOrEqual(99)
})

it('so does a watch that has much to tell', async () => {
  const history = new History({ revisions: 1_000, bytes: 1e9 })
  for (let revision = 1; revision <= 100; revision++) history.record(revision, [{ key: 'a', value: undefined }])
  const response = new QuickResponse()
  const closing = new AbortController()
  const options = { key: undefined, prefix: '', since: 0, progressMs: 60_000, isCutOff: () => false, stalledMs: 60_000 }
  const counted = response.turnsUntil(101) // where it begins, and a hundred changes
  const watched = new Watchers(history, new Turns(history)).watch(Object.assign(response, { end() {} }) as never, options, closing.signal)
  expect(await counted).toBeGreaterThanOrEqual(99)
  closing.abort()
  await watched
})

/** To a client that takes nothing. */
class StuckResponse extends EventEmitter {
  destroyed = false
  readonly writableEnded = false
  writableNeedDrain = false
  ended = false

  write(): boolean {
    this.writableNeedDrain = true
    return false
  }
  end(): void {
    this.ended = true
  }
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

it('a client that takes nothing of a long answer is given up', async () => {
  const response = new StuckResponse()
  await writeAll(response as never, ['a', 'b'], 20)
  expect(response.destroyed).toBe(true)
})

it('so is one that takes nothing of an answer that was written at once', async () => {
  const server = createServer((_, response) => endWith(response, Buffer.alloc(32 * 1024 * 1024), 50))
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
  socket.pause().on('error', () => {})
  const connections = () =>
    new Promise<number>((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))))
  await expect.poll(connections).toBe(1)
  await expect.poll(connections, { timeout: 2_000 }).toBe(0)
  socket.destroy()
  server.close()
})

it('so is one that takes nothing of a watch', async () => {
  const history = new History({ revisions: 1_000, bytes: 1e9 })
  const response = new StuckResponse()
  const options = { key: undefined, prefix: '', since: 0, progressMs: 5, isCutOff: () => false, stalledMs: 20 }
  await new Watchers(history, new Turns(history)).watch(response as never, options, new AbortController().signal)
  expect([response.destroyed, response.ended]).toEqual([true, true])
})
