import type { Invariant } from './invariant.ts'

/** What must hold beyond the invariants of one core: of whole nodes, of those who use them, and of the simulation itself. */
export type Promised = Pick<Invariant, 'name' | 'section' | 'paper' | 'statement'> & {
  /** Where it is checked, from `packages/raft-sim/src`. */
  readonly file: string
}

export const promises: readonly Promised[] = [
  {
    name: 'client',
    section: '3.12',
    paper: 'thesis §6.3',
    statement:
      'Each command is applied at most once, an acknowledged one is where its caller was told, one that failed for certain nowhere; every answer is that of its index, and indices keep to real time.',
    file: 'node/history.ts',
  },
  {
    name: 'linearizability',
    section: '3.12',
    paper: 'thesis §6.3, §6.4',
    statement: 'What clients saw has an order that keeps to real time and explains every answer, found without looking at the log.',
    file: 'node/recording.ts',
  },
  {
    name: 'staleness',
    section: '3.10',
    paper: 'thesis §6.4',
    statement: 'A node never says that its data is younger than it is: all that was committed anywhere so long ago is in it.',
    file: 'node/staleness.ts',
  },
  {
    name: 'verified-leader',
    section: '3.10',
    paper: 'thesis §6.4',
    statement:
      'Who is told that it leads does, and nobody had led a later term when it asked; all that was committed by then is applied there.',
    file: 'node/asking.ts',
  },
  {
    name: 'told-membership',
    section: '3.11',
    paper: 'thesis §4',
    statement:
      'Whoever listens to the memberships of a node hears each at most once and in order, never waits without knowing the newest, and hears of its end.',
    file: 'node/listening.ts',
  },
  {
    name: 'integrity',
    section: '3.13',
    paper: '',
    statement: 'A node refuses to start only for a reason that the run has given it.',
    file: 'node/machine.ts',
  },
  {
    name: 'no-fault',
    section: '3.13',
    paper: '',
    statement: 'A node stops serving only when it was removed, wiped, or failed by its disk.',
    file: 'node/machine.ts',
  },
  {
    name: 'divergence',
    section: '3.13',
    paper: '',
    statement:
      'Where the states of two nodes differ, the leader tells it, with the command after which that began; and it tells of nothing else.',
    file: 'node/differing.ts',
  },
  {
    name: 'kept-state',
    section: '3.6',
    paper: '',
    statement:
      'A state machine with a store of its own gets every command once and in order, whatever it had written when its process ended, and never an older snapshot.',
    file: 'node/watch.ts',
  },
  {
    name: 'newcomer',
    section: '3.11',
    paper: 'thesis §4.2.1',
    statement:
      'Whoever becomes a voter was a learner first, by itself only with a part of the log on its disk, and runs under the id that it was let in with.',
    file: 'node/inviting.ts',
  },
  {
    name: 'settings',
    section: '3.13',
    paper: '',
    statement: 'What a node is told while it runs it goes by from then on: how often it takes snapshots, and how much of its log it keeps.',
    file: 'node/reconfiguring.ts',
  },
  {
    name: 'restore',
    section: '3.6',
    paper: '',
    statement: 'A state that a client restores takes the place of the old one after the same entry on every node, as it was sent.',
    file: 'node/watch.ts',
  },
  {
    name: 'wiped-identity',
    section: '2',
    paper: 'thesis §11.7.2',
    statement: 'Who has lost its folder never comes back under the same identity.',
    file: 'node/cluster.ts',
  },
  {
    name: 'old-folder',
    section: '2',
    paper: 'thesis §11.7.2',
    statement:
      'Who comes with an old copy of its folder hears nothing from a leader that has seen more of it; once it is told, it says nothing any more.',
    file: 'node/old-folders.ts',
  },
  {
    name: 'snapshot-transfer',
    section: '3.13',
    paper: '§7',
    statement:
      'A snapshot that a node takes over from another is, byte for byte, the one that was announced, over however many connections it came.',
    file: 'node/watched-stores.ts',
  },
  {
    name: 'close',
    section: '2',
    paper: '',
    statement: 'A node that is closed ends in time, tells everybody who waits, and leaves neither timer, file nor connection behind.',
    file: 'node/machine.ts',
  },
  {
    name: 'no-exception',
    section: '2',
    paper: '',
    statement: 'Nothing throws where nobody expects it, and nothing gets at clock, chance, files or network but through a port.',
    file: 'node/trap.ts',
  },
  {
    name: 'determinism',
    section: '5',
    paper: '',
    statement: 'The same seed does the same, event by event.',
    file: 'batch.ts',
  },
  {
    name: 'application',
    section: '3.12',
    paper: 'thesis §6.3',
    statement:
      'What the application itself promises beside each node: a lock has one holder, a lease does not end early, a watcher misses and repeats nothing.',
    file: 'node/attending.ts',
  },
]
