import type { RestoredState } from '../../src/config.ts'
import type { Entry, Index } from '../../src/log/entry.ts'
import type { Snapshot } from '../../src/messages.ts'
import type { HardState, Ready } from '../../src/ready.ts'

/** What survives a crash. */
export class Disk {
  hardState: HardState
  snapshot: Snapshot | undefined
  entries: readonly Entry[] = []

  constructor(found: RestoredState = {}) {
    this.hardState = found.hardState ?? { term: 0, vote: undefined, commit: 0 }
    this.snapshot = found.snapshot
  }

  save({ hardState, snapshot, entries }: Ready): void {
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

  restore(): RestoredState {
    const { snapshot, hardState } = this
    const entries = this.entries.filter(({ index }) => index > (snapshot?.index ?? 0))
    return { snapshot, hardState, entries }
  }
}
