import type { Raft } from 'raft-core'

/**
 * Heartbeats do not need the disk, so a leader whose disk hangs would keep its followers loyal and commit nothing. When one save has
 * been under way for an election timeout it resigns, and does not campaign before the save has ended.
 */
export class DiskWatch {
  readonly #raft: Raft
  readonly #limitTicks: number
  #save: number | undefined
  #ticks = 0
  #resigned = false

  constructor(raft: Raft, limitTicks: number) {
    this.#raft = raft
    this.#limitTicks = limitTicks
  }

  /** `save`: the number of the save under way, if there is one. */
  tick(save: number | undefined): void {
    if (save === undefined || save !== this.#save) return this.#moves(save)
    this.#ticks += 1
    if (this.#ticks < this.#limitTicks || this.#resigned) return
    this.#resigned = true
    this.#raft.resign('the disk has not finished a save for an election timeout')
  }

  #moves(save: number | undefined): void {
    this.#save = save
    this.#ticks = 0
    if (!this.#resigned) return
    this.#resigned = false
    this.#raft.recovered()
  }
}
