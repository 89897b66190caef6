import type { MembershipChange, Message, Raft, RaftOptions, Ready, Snapshot } from '../src/index.ts'
import { createRaft } from '../src/index.ts'
import type { Random } from './random.ts'

const nothing = new Uint8Array()

/**
 * A core and a driver that does everything a driver may, as late as it likes: saves end one after the other, entries are applied after
 * that, snapshots are taken and the log is compacted at any time between.
 */
export class Member {
  readonly raft: Raft
  readonly #overlapping: boolean
  #now = 0
  /** Made and not saved yet; saved and not applied yet. */
  #saving: Ready[] = []
  #applying: Ready[] = []

  constructor(options: RaftOptions) {
    this.raft = createRaft(options)
    this.#overlapping = options.overlapping === true
  }

  /** Takes Readys and ends saves and applications, each with a chance. Returns what leaves. */
  work(random: Random): readonly Message[] {
    if (!this.#overlapping) return this.#workAtOnce()
    const sent: Message[] = []
    if (this.raft.hasReady() && random.chance(0.7)) {
      const ready = this.raft.ready()
      sent.push(...ready.send)
      this.#saving.push(ready)
    }
    const saved = random.chance(0.5) ? this.#saving.shift() : undefined
    if (saved) {
      sent.push(...saved.sendAfterSave)
      this.#applying.push(saved)
      this.#save(saved, random)
    }
    const applied = random.chance(0.5) ? this.#applying.shift() : undefined
    if (applied) this.#apply(applied, random)
    return sent
  }

  #workAtOnce(): readonly Message[] {
    if (!this.raft.hasReady()) return []
    const ready = this.raft.ready()
    this.raft.advance(ready)
    return [...ready.send, ...ready.sendAfterSave]
  }

  /** A driver that is mistaken reports the same save twice. */
  #save(ready: Ready, random: Random): void {
    if (random.chance(0.5)) this.raft.saved(ready)
    else {
      for (const message of ready.receipt.promises) this.raft.stepOwn(message)
      this.raft.settle(ready.receipt)
    }
    if (random.chance(0.05)) this.raft.saved(ready)
  }

  #apply({ apply }: Ready, random: Random): void {
    const each = random.chance(0.5)
    for (const entry of apply) {
      if (entry.type === 'membership' && random.chance(0.5)) this.raft.applyMembership(entry)
      if (each) this.raft.appliedTo(entry.index)
    }
    const last = apply.at(-1)
    if (last && !each) this.raft.appliedTo(last.index)
  }

  /** What an application does between messages, so that every role and state comes up. */
  live(random: Random, ids: readonly string[]): void {
    const { raft } = this
    if (random.chance(0.3)) raft.tick(this.#now++)
    if (random.chance(0.02)) raft.campaign()
    if (random.chance(0.1)) raft.propose(random.bytes(8))
    if (random.chance(0.02)) raft.proposeAll([random.bytes(3), random.bytes(3)])
    if (random.chance(0.02)) raft.proposeMembership(randomChange(random, ids), random.chance(0.2) ? random.below(9) : undefined)
    if (random.chance(0.05)) raft.read(`read-${random.below(1000)}`, random.chance(0.5) ? this.#now : undefined)
    if (random.chance(0.01)) raft.transferLeadership(random.pick(ids))
    if (random.chance(0.01)) raft.forgetLeader()
    if (random.chance(0.005)) raft.resign('its disk hangs')
    if (random.chance(0.05)) raft.recovered()
    if (random.chance(0.02)) raft.reportUnreachable(random.pick(ids))
    if (random.chance(0.05)) raft.reportSnapshot(random.pick(ids), random.pick(['received', 'failed'] as const))
    if (random.chance(0.02)) this.#snapshot(random)
  }

  #snapshot(random: Random): void {
    const { raft } = this
    const { first, membership } = raft.status()
    const [newest] = raft.entries(raft.applied, raft.applied)
    if (newest) raft.snapshotTaken(snapshotAt(newest, membership))
    // Anything up to a snapshot that there surely is.
    if (newest && random.chance(0.7)) raft.compact(first + random.below(newest.index - first + 1))
  }
}

function snapshotAt({ term, index }: Snapshot | { term: number; index: number }, membership: Snapshot['membership']): Snapshot {
  return { term, index, membership, data: nothing }
}

function randomChange(random: Random, ids: readonly string[]): MembershipChange {
  const changes = Array.from({ length: random.below(3) }, () => ({
    type: random.pick(['voter', 'learner', 'remove', 'update'] as const),
    id: random.pick(ids),
    promote: random.chance(0.5),
  }))
  return { transition: random.pick(['auto', 'implicit', 'explicit'] as const), changes, context: undefined }
}
