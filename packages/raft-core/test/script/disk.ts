import type { RestoredState } from '../../src/config.ts'
import type { Entry, Index } from '../../src/log/entry.ts'
import type { Snapshot } from '../../src/messages.ts'
import type { HardState, Ready } from '../../src/ready.ts'

/** What survives a crash. */
export class Disk {
  hardState: HardState
  snapshot: Snapshot | undefined
  entries: readonly Entry[] = []
  repairing = false

  constructor(found: RestoredState = {}) {
    this.hardState = found.hardState ?? { term: 0, vote: undefined, commit: 0 }
    this.snapshot = found.snapshot
  }

  save({ hardState, snapshot, entries, repaired }: Ready): void {
    if (repaired) this.repairing = false
    if (hardState) this.hardState = hardState
    if (snapshot) {
      this.snapshot = snapshot
      this.entries = []
    }
    const first = entries[0]
    if (first) this.entries = [...this.entries.filter(({ index }) => index < first.index), ...entries]
  }

  keepSnapshot(snapshot: Snapshot): void {
    this.snapshot = snapshot
  }
  compact(index: Index): void {
    this.entries = this.entries.filter(entry => entry.index > index)
  }

  /** Everything from `first` on is gone, whatever it was acknowledged for. */
  damage(first: Index): void {
    this.repairing = true
    if ((this.snapshot?.index ?? 0) >= first) this.snapshot = undefined
    this.entries = this.snapshot ? this.entries.filter(({ index }) => index < first) : []
    const last = this.entries.at(-1)?.index ?? this.snapshot?.index ?? 0
    this.hardState = { ...this.hardState, commit: Math.min(this.hardState.commit, last) }
  }

  restore(): RestoredState {
    const { snapshot, hardState, repairing } = this
    const entries = this.entries.filter(({ index }) => index > (snapshot?.index ?? 0))
    return { snapshot, hardState, entries, repairing }
  }
}
