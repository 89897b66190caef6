import { Coverage } from '../../../src/coverage.ts'
import { SimClock } from '../../../src/node/clock.ts'
import { Disk } from '../../../src/node/disk.ts'
import { Network } from '../../../src/node/network.ts'
import { Process } from '../../../src/node/process.ts'
import { SimTransport } from '../../../src/node/transport.ts'
import { Random } from '../../../src/random.ts'
import { Schedule } from '../../../src/world/schedule.ts'

/** The parts of a simulated world without a cluster in it. Time passes while somebody waits for it. */
export class Bench {
  readonly random: Random
  readonly schedule: Schedule
  readonly network: Network

  constructor(seed = 1) {
    this.random = new Random(seed)
    this.schedule = new Schedule(this.random.fork('schedule'))
    this.network = new Network({
      schedule: this.schedule,
      random: this.random.fork('network'),
      coverage: new Coverage(),
      silenceMs: 4_000,
      faults: { delayMs: [1, 1], lossRate: 0, lateRate: 0, lateMs: 0, slowBytes: 100, cutTransferRate: 0 },
      arrived: () => {},
    })
  }

  process(host: string): Process {
    return new Process(host, this.schedule, this.random.fork(`process on ${host}`))
  }
  clock(process: Process): SimClock {
    return new SimClock(process, this.random.fork(`clock on ${process.host}`), { rate: 1.1, lateMs: 2 })
  }
  disk(): Disk {
    const random = this.random.fork('times')
    const times = { cached: () => random.next() / 10, sync: () => 1 + 5 * random.next() }
    return new Disk({ schedule: this.schedule, random: this.random.fork('disk'), times, done: () => {} })
  }
  transport(host: string): SimTransport {
    const process = this.process(host)
    const options = { handshakeMs: 5_000, redialMs: 50, maxRedialMs: 2_000, maxQueue: 1_000, chunkBytes: 64 }
    return new SimTransport({ network: this.network, process, clock: this.clock(process), listen: `${host}:1`, ...options })
  }

  /** Lets so much time pass, and whatever is due by then happen. */
  async pass(ms: number): Promise<void> {
    const end = this.schedule.now + ms
    this.schedule.after(ms, () => {})
    while (this.schedule.nextAt <= end) await this.#step()
  }
  /** While it goes on by itself: waits until it holds. */
  async watch(holds: () => boolean): Promise<void> {
    for (let turns = 0; !holds(); turns++) {
      if (turns > 100_000) throw new Error('it never came true')
      await turn()
    }
  }
  async reach(ms: number): Promise<void> {
    const end = this.schedule.now + ms
    this.schedule.after(ms, () => {})
    await this.watch(() => this.schedule.now >= end)
  }
  /** Goes on by itself until told to stop: for tests that do not know that somebody must. */
  run(): () => void {
    let isRunning = true
    const go = async () => {
      while (isRunning) {
        if (this.schedule.nextAt < Infinity) this.schedule.step()
        await turn()
      }
    }
    void go()
    return () => {
      isRunning = false
    }
  }

  async #step(): Promise<void> {
    this.schedule.step()
    await turn()
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
