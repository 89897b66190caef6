import type { Index } from 'raft-core'
import type { NodeEvent } from './api.ts'
import type { Engine } from './engine.ts'
import { LogAge } from './log-age.ts'
import { MetricsRegistry } from './metrics.ts'
import type { Clock, LogStore } from './ports.ts'

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]

/** What a node counts and measures of itself: once for a batch, a save or a tick, never for each command. */
export class NodeMetrics {
  readonly registry = new MetricsRegistry()
  readonly #clock: Clock
  readonly #logAge: LogAge
  readonly #proposals = this.registry.counter('raft_proposals_total', 'commands and barriers that this node has put into its log as leader')
  readonly #elections = this.registry.counter('raft_elections_total', 'elections and pre-elections that this node has begun')
  readonly #leaderships = this.registry.counter('raft_leaderships_total', 'how often this node became leader')
  readonly #taken = this.registry.counter('raft_snapshots_taken_total', 'snapshots that this node has written of its own state')
  readonly #notTaken = this.registry.counter('raft_snapshots_failed_total', 'snapshots that were due and could not be taken')
  readonly #installed = this.registry.counter('raft_snapshots_installed_total', 'snapshots that this node got from a leader')
  readonly #applySeconds = this.registry.histogram(
    'raft_apply_duration_seconds',
    'from a proposal on the leader until it is applied there',
    seconds,
  )
  readonly #saveSeconds = this.registry.histogram('raft_save_duration_seconds', 'one save of the log, with its flush', seconds)
  readonly #saveEntries = this.registry.histogram('raft_save_entries', 'entries in one save of the log', sizes)
  readonly #lateSeconds = this.registry.histogram(
    'raft_tick_late_seconds',
    'how late ticks come: what the event loop is kept from',
    seconds,
  )
  /** Of proposals that went into the log together and are not applied yet: the last index, and when the first of them came. */
  readonly #batches: { readonly index: Index; readonly since: number }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#logAge = new LogAge(clock)
  }

  /** Some entries have gone into the log together, this one last; the first of their callers came at `since`. */
  proposed(index: Index, count: number, since: number): void {
    this.#proposals.add(count)
    this.#batches.push({ index, since })
  }

  applied(index: Index): void {
    while (this.#batches.length > 0) {
      const [batch] = this.#batches
      if (batch === undefined || batch.index > index) return
      this.#batches.shift()
      this.#applySeconds.observe((this.#clock.now() - batch.since) / 1000)
    }
  }

  ticked(lateMs: number, commit: Index): void {
    this.#lateSeconds.observe(lateMs / 1000)
    this.#logAge.look(commit)
  }

  event(event: NodeEvent): void {
    if (event.type === 'snapshotFailure') this.#notTaken.add()
    if (event.type === 'snapshot') (event.cause === 'taken' ? this.#taken : this.#installed).add()
    if (event.type !== 'role') return
    if (event.role === 'preCandidate' || event.role === 'candidate') this.#elections.add()
    if (event.role === 'leader') this.#leaderships.add()
  }

  /** The same log store, watched. */
  watch(logStore: LogStore): LogStore {
    const save: LogStore['save'] = async batch => {
      const began = this.#clock.now()
      await logStore.save(batch)
      if (!batch.mustSync && batch.entries.length === 0) return
      this.#saveSeconds.observe((this.#clock.now() - began) / 1000)
      this.#saveEntries.observe(batch.entries.length)
    }
    return {
      save,
      open: () => logStore.open(),
      beginRepair: () => logStore.beginRepair(),
      initialize: identity => logStore.initialize(identity),
      compact: index => logStore.compact(index),
      chainAt: index => logStore.chainAt(index),
      close: () => logStore.close(),
    }
  }

  /** What can be read off a running node. */
  observe(engine: Engine<unknown>): void {
    const { registry } = this
    const { raft, applier, state, snapshots, pending, proposals } = engine
    registry.gauge('raft_is_leader', '1 on the leader', () => (raft.role === 'leader' ? 1 : 0))
    registry.gauge('raft_has_leader', '1 if the node knows who leads', () => (raft.leader === undefined ? 0 : 1))
    registry.gauge('raft_term', 'current term', () => raft.term)
    registry.gauge('raft_commit_index', 'last index known to be committed', () => raft.commit)
    registry.gauge('raft_applied_index', 'last index that is applied to the state machine', () => applier.applied.index)
    registry.gauge('raft_saved_index', 'last index on disk', () => raft.status().saved)
    registry.gauge('raft_log_first_index', 'first index of the log in memory', () => raft.status().first)
    registry.gauge('raft_log_last_index', 'last index of the log', () => raft.status().last.index)
    registry.gauge('raft_snapshot_index', 'index of the newest snapshot', () => snapshots.newest)
    registry.gauge('raft_snapshot_bytes', 'size of the newest snapshot', () => snapshots.size)
    registry.gauge('raft_snapshot_written_bytes', 'how much of the snapshot under way is written', () => snapshots.writtenBytes)
    registry.gauge('raft_pending_callers', 'callers whose entries are not applied yet', () => pending.size)
    registry.gauge('raft_queued_proposals', 'proposals that have gathered and are not in the log yet', () => proposals.size)
    registry.gauge('raft_queued_saves', 'steps of the core that are not saved yet', () => engine.queuedSaves)
    registry.gauge('raft_sessions', 'client sessions that live', () => state.sessions.size)
    registry.gauge('raft_log_time_seconds', 'log time: what sessions end by', () => state.time / 1000)
    registry.gauge(
      'raft_log_oldest_entry_age_seconds',
      'age of the oldest entry in memory: below the next, followers cannot catch up',
      () => this.#logAge.of(raft.status().first),
    )
    registry.gauge(
      'raft_last_restore_duration_seconds',
      'what restoring the last snapshot took',
      () => state.lastRestoreMs && state.lastRestoreMs / 1000,
    )
  }
}
