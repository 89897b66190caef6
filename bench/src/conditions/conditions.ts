import { closeSync, fdatasync, openSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeDataFolder, removeDataFolder } from '../cluster/data-folder.ts'
import { Latencies } from '../load/latencies.ts'
import { Managed } from '../process/managed.ts'
import { until } from '../process/until.ts'

/** What disk and loopback cost here and now: figures without them cannot be compared. In microseconds. */
export type Conditions = { readonly flush: Percentiles; readonly loopback: Percentiles; readonly durability: string }
type Percentiles = { readonly p50: number; readonly p99: number }

const flushes = 300
const roundTrips = 1_000
const recordBytes = 300
const durability = 'every node flushes its log (fdatasync) before it acknowledges; nothing is switched off'

export async function measureConditions(): Promise<Conditions> {
  return { flush: await flushTimes(), loopback: await roundTripTimes(), durability }
}

export function describeConditions({ flush, loopback, durability }: Conditions): string {
  const both = ({ p50, p99 }: Percentiles): string => `${Math.round(p50)} / ${Math.round(p99)} µs`
  return `fdatasync p50 / p99 ${both(flush)}, loopback round trip ${both(loopback)}; ${durability}`
}

/** A record is appended to a growing file and flushed, as Node does it: the flush in another thread. */
async function flushTimes(): Promise<Percentiles> {
  const folder = makeDataFolder()
  const file = openSync(join(folder, 'log'), 'w')
  const flush = promisify(fdatasync)
  try {
    return await percentiles(flushes, () => {
      writeSync(file, Buffer.alloc(recordBytes, 7))
      return flush(file)
    })
  } finally {
    closeSync(file)
    removeDataFolder(folder)
  }
}

/** A few bytes to another process on this machine and back. */
async function roundTripTimes(): Promise<Percentiles> {
  const echo = new Managed('echo', { file: process.execPath, args: [fileURLToPath(new URL('./echo.js', import.meta.url))] })
  const port = await until('the echo listens', () => Number(echo.output.trim()) || undefined)
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  try {
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return await percentiles(roundTrips, () => {
      socket.write('ping')
      return new Promise(resolve => socket.once('data', resolve))
    })
  } finally {
    socket.destroy()
    await echo.kill()
  }
}

async function percentiles(times: number, run: () => Promise<unknown>): Promise<Percentiles> {
  const latencies = new Latencies()
  for (let i = 0; i < times; i++) {
    const started = performance.now()
    await run()
    latencies.record(performance.now() - started)
  }
  const { p50, p99 } = latencies.summary()
  return { p50: 1000 * p50, p99: 1000 * p99 }
}
