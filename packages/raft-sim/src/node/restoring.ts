import { Buffer } from 'node:buffer'
import type { Random } from '../random.ts'
import type { Machine } from './machine.ts'
import { recur } from './nemesis.ts'
import type { Backup } from './restore-model.ts'
import type { NodeWorld } from './world.ts'

/** Apart from the numbers of other commands. */
const firstNumber = 5_000_000
/** Each step of a restore has its own time. */
const steps = 4

/** Clients who put another state in the place of the replicated one, through `node.restore`, if this run has any. */
export class Restoring<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  #number = firstNumber

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('restoring')
  }

  start(): void {
    const { restoreMs } = this.#world.scenario
    if (restoreMs === undefined) return
    recur(this.#world, this.#random, restoreMs, () => {
      const leader = this.#world.leader()
      const up = this.#world.up()
      if (up.length === 0) return
      const machine = leader !== undefined && this.#random.chance(0.5) ? leader : this.#random.pick(up)
      this.#make().then(
        ([backup, data]) => this.#restore(machine, backup, data),
        error => this.#world.fail(error),
      )
    })
  }

  /** The state of a machine of its own, and what that saves. */
  async #make(): Promise<readonly [Backup, Uint8Array]> {
    const { application } = this.#world
    const observed = application.create()
    const { machine } = observed
    const commands = Array.from({ length: this.#random.between(1, 12) }, (_, at) => ({
      bytes: application.command(this.#random, ++this.#number).bytes,
      index: at + 1,
    }))
    for (const { bytes, index } of commands) machine.apply(bytes, index)
    const pieces: Uint8Array[] = []
    for await (const piece of machine.snapshot()) pieces.push(piece.slice())
    return [{ commands, digest: observed.digest() }, Buffer.concat(pieces)]
  }

  #restore(machine: Machine<Result>, backup: Backup, data: Uint8Array): void {
    const { journal, schedule, coverage } = this.#world
    const { cluster } = machine
    if (cluster === undefined || machine.running === undefined) return
    const number = this.#number
    const call = cluster.history.restores(`restore ${number}`, data, backup)
    if (call === undefined) return
    const timeoutMs = this.#world.callTimeout()
    journal.record('write', schedule.now, machine, number, data.length, () => `restore ${number}, ${data.length} bytes`)
    machine.ask(steps * timeoutMs, node => node.restore(inParts(data), { timeoutMs }), {
      value: index => {
        journal.record('answer', schedule.now, machine, number, index, () => `restore ${number} took place at ${index}`)
        cluster.history.restored(call, index)
        coverage.saw('restored state')
      },
      error: error => {
        journal.record('answer', schedule.now, machine, number, error.code.length, () => `restore ${number} fails: ${error.code}`)
        if (error.outcome === 'not-applied') cluster.history.failed(call, error)
      },
    })
  }
}

async function* inParts(data: Uint8Array): AsyncGenerator<Uint8Array> {
  const middle = data.length >> 1
  yield data.subarray(0, middle)
  yield data.subarray(middle)
}
