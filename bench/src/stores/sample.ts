// Measures one log store in a process of its own and prints it as JSON: sample.ts STORE BATCH WARM-UP-SECONDS SECONDS FOLDER
// STORE is level, wal, or flush: a write and a flush of as many bytes with no store around them.

import { randomFillSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from 'raft-core'
import { systemClock } from 'raft-node'
import { nodeFiles, openStorage } from 'raft-node/level'
import { quantile } from '../statistics.ts'

const entryBytes = 256
const keptEntries = 5_000
const compactedAt = 2 * keptEntries

export type StoreSample = {
  readonly saves: number
  readonly seconds: number
  /** Entries durable a second. */
  readonly rate: number
  /** Of one save, flush included, in microseconds. */
  readonly p50: number
  readonly p99: number
  /** CPU time of the whole process, all threads, while it measured. */
  readonly cpuSeconds: number
}

/** One batch, durable once resolved. */
type Saves = { save(index: number): Promise<void>; close(): Promise<void> }

const [what = '', batchText, warmUpText, secondsText, folder = ''] = process.argv.slice(2)
const batch = Number(batchText)
const dir = await mkdtemp(join(folder, 'raft-stores-'))
try {
  const saves = what === 'flush' ? await bareFlush(dir) : await store(what === 'wal' ? 'wal' : 'level', dir)
  console.log(JSON.stringify(await measure(saves, Number(warmUpText), Number(secondsText))))
  await saves.close()
} finally {
  await rm(dir, { recursive: true })
}

async function measure({ save }: Saves, warmUp: number, seconds: number): Promise<StoreSample> {
  let next = 1
  const times: number[] = []
  const run = async (duration: number) => {
    times.length = 0
    const cpu = process.cpuUsage()
    const started = performance.now()
    let before = started
    while (before < started + duration * 1000) {
      await save(next)
      next += batch
      const now = performance.now()
      times.push((now - before) * 1000)
      before = now
    }
    const { user, system } = process.cpuUsage(cpu)
    return { seconds: (before - started) / 1000, cpuSeconds: (user + system) / 1e6 }
  }
  await run(warmUp)
  const measured = await run(seconds)
  const saves = times.length
  times.sort((a, b) => a - b)
  return { saves, rate: (saves * batch) / measured.seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99), ...measured }
}

/** As a node uses it: commands that nobody has seen before, a commit index with every batch, and compaction now and then. */
async function store(log: 'level' | 'wal', dir: string): Promise<Saves> {
  const { logStore } = openStorage({ dir, log, clock: systemClock() })
  await logStore.open()
  await logStore.initialize({ clusterId: 'c'.repeat(32), nodeId: 'n1', incarnation: '1'.repeat(32) })
  let compacted = 0
  let compacting = Promise.resolve()
  return {
    async save(index) {
      const entries: Entry[] = Array.from({ length: batch }, (_, i) => ({ term: 1, index: index + i, type: 'command', data: command() }))
      await logStore.save({ hardState: { term: 1, vote: 'n1', commit: index - 1 }, entries, resetTo: undefined, mustSync: true })
      if (index - compacted < compactedAt) return
      compacted = index - keptEntries
      compacting = logStore.compact(compacted)
    },
    async close() {
      await compacting
      await logStore.close()
    },
  }
}

/** What the disk itself takes: the same bytes, written over in a file that is filled already. */
async function bareFlush(dir: string): Promise<Saves> {
  const size = 16 * 1024 * 1024
  const file = await nodeFiles.create(join(dir, 'file'))
  await file.writeAt(0, new Uint8Array(size))
  await file.sync()
  const block = new Uint8Array(batch * entryBytes).fill(1)
  let at = 0
  return {
    async save() {
      await file.writeAt(at, block)
      await file.sync()
      at = at + 2 * block.length > size ? 0 : at + block.length
    },
    close: () => file.close(),
  }
}

function command(): Uint8Array {
  return randomFillSync(new Uint8Array(entryBytes))
}
