import type { Raft } from 'raft-core'

/**
 * Heartbeats do not need the disk, so a leader whose disk hangs would keep its followers loyal and commit nothing. When one save has
 * been under way for an election timeout it resigns, and does not campaign before the save has ended. Until then it must be heard: who
 * does not answer is not asked to lead in its place, and is not asked at all if the request waits for the disk.
 */
export class DiskWatch {
  readonly #raft: Raft
  readonly #limitTicks: number
  readonly #hurry: () => void
  #save: number | undefined
  #ticks = 0
  #resigned = false

  /** `hurry`: what the core says now leaves, however much waits for the disk. */
  constructor(raft: Raft, limitTicks: number, hurry: () => void) {
    this.#raft = raft
    this.#limitTicks = limitTicks
    this.#hurry = hurry
  }

  /** `save`: the number of the save under way, if there is one. */
  tick(save: number | undefined): void {
    if (save === undefined || save !== this.#save) return this.#moves(save)
    if (this.#resigned) return
    this.#hurry()
    this.#ticks += 1
    if (this.#ticks < this.#limitTicks) return
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
