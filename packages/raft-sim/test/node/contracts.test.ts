import type { LogStore } from 'raft-node'
import { clockContract, filesContract, logStoreContract, snapshotStoreContract, transportContract } from 'raft-node/contracts'
import { FileSnapshotStore, LevelLogStore } from 'raft-node/level'
import { WalLogStore } from 'raft-node/wal'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Disk } from '../../src/node/disk.ts'
import type { Process } from '../../src/node/process.ts'
import { Bench } from './support/bench.ts'

// The rules that the real adapters keep to, kept by the simulated ones: so whatever runs on these, runs on those.
const tools = { describe, test, expect }

clockContract(tools, async () => {
  const bench = new Bench()
  return { clock: bench.clock(bench.process('n1')), pass: ms => bench.pass(1.2 * ms) }
})

filesContract(tools, async () => {
  const bench = new Bench()
  const stop = bench.run()
  const disk = bench.disk()
  disk.files.makeFolder('n1')
  return {
    files: disk.filesFor(bench.process('n1')),
    folder: 'n1',
    another: async () => disk.filesFor(bench.process('n1')),
    powerCut: async () => disk.powerCut(),
    dispose: async () => stop(),
  }
})

for (const crash of ['kill', 'powerCut'] as const) {
  describe(`after ${crash === 'kill' ? 'the end of the process' : 'a power cut'}`, () => {
    describe.each(['level', 'wal'] as const)('%s', log => {
      logStoreContract(tools, async () => {
        const machine = new Machine(crash)
        return { store: () => machine.logStore(log), crash: async () => machine.crash(), dispose: async () => machine.stop() }
      })
    })
    snapshotStoreContract(tools, async () => {
      const machine = new Machine(crash)
      return { store: () => machine.snapshotStore(), crash: async () => machine.crash(), dispose: async () => machine.stop() }
    })
  })
}

transportContract(tools, async () => {
  const bench = new Bench()
  onTestFinished(bench.run())
  return {
    members: [
      { id: 'n1', transport: bench.transport('n1') },
      { id: 'n2', transport: bench.transport('n2') },
      { id: 'n3', transport: bench.transport('n3') },
    ],
    until: holds => bench.watch(holds),
    settle: () => bench.reach(60),
  }
})

/** A disk, and one process after the other on it. */
class Machine {
  readonly #bench = new Bench()
  readonly #crash: 'kill' | 'powerCut'
  readonly #disk: Disk
  #process: Process
  readonly stop: () => void

  constructor(crash: 'kill' | 'powerCut') {
    this.#crash = crash
    this.#disk = this.#bench.disk()
    this.#process = this.#bench.process('n1')
    this.stop = this.#bench.run()
  }

  /** Each on its own process, as two of them would be. */
  logStore(log: 'level' | 'wal'): LogStore {
    const process = this.#bench.process('n1')
    this.#process = process
    const clock = this.#bench.clock(process)
    const files = this.#disk.filesFor(process)
    if (log === 'wal') return new WalLogStore({ files, folder: 'n1', clock, segmentBytes: { first: 512, most: 2048 } })
    return new LevelLogStore({ files, batches: this.#disk.batchesFor(process), folder: 'n1', clock })
  }
  snapshotStore(): FileSnapshotStore {
    return new FileSnapshotStore({ files: this.#disk.filesFor(this.#process), folder: 'n1/snapshots' })
  }
  crash(): void {
    this.#process.die()
    if (this.#crash === 'kill') this.#disk.processDied(this.#process)
    else this.#disk.powerCut()
    this.#process = this.#bench.process('n1')
  }
}
