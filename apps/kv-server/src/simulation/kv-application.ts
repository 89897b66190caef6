import type { Application, Attended, ObservedMachine, Random } from 'raft-sim'
import { fold, foldText } from 'raft-sim'
import type { CommandResult } from '../store/command.ts'
import { decodeCommand, encodeCommand } from '../store/command-codec.ts'
import { resultCodec } from '../store/result-codec.ts'
import { Timekeeper } from '../timekeeper.ts'
import { KvModel } from './kv-model.ts'
import { Beliefs, LockClient, RevokedStore } from './lock-client.ts'
import { RestoreClient } from './restore-client.ts'
import { Told, watchBeside } from './watch-client.ts'
import { allKeys, describeCommand, drawCommand, drawOperatorsCommand, isPlain } from './workload.ts'

/** The answer when there is no such key; no value is written so. */
const nothing = 'nothing'

const common = {
  resultCodec,
  model: () => new KvModel(),
  question: (random: Random) => random.pick(allKeys),
}

function drawnBy(draw: typeof drawCommand): Application<CommandResult>['command'] {
  return (random, number) => {
    const command = draw(random, number)
    return { bytes: encodeCommand(command), text: describeCommand(command) }
  }
}

/** kv-server's store and its clients, for the simulator. */
export const kvApplication: Application<CommandResult> = {
  ...common,
  isRestorable: true,
  create: () => new ObservedStore(),
  command: drawnBy(drawCommand),
  keys: {
    changes(bytes) {
      const command = decodeCommand(bytes)
      if (command.type === 'delete') return isPlain(command.key) ? [{ op: 'write', key: command.key, value: null }] : []
      if (command.type !== 'set') return []
      const pairs = [...new Map(command.pairs)].filter(([key]) => isPlain(key))
      return pairs.map(([key, value]) => ({ op: 'write', key, value }))
    },
    shows: (key, answer) => (isPlain(key) ? { op: 'read', key, value: answer === nothing ? null : answer } : undefined),
  },
}

/**
 * The same with operators, who make join secrets and restore snapshots. A restore changes every key at once, so that no history of single keys
 * can explain what clients see: here the model alone says what is right.
 */
export const operatedKvApplication: Application<CommandResult> = {
  ...common,
  create: () => new ObservedStore({ isRestored: true }),
  command: drawnBy(drawOperatorsCommand),
}

/** Few, so that a watcher also meets what is forgotten. */
const history = { revisions: 200, bytes: 1e6 }

/** So many digests may rest on what was seen of a record before: one that was changed in its place shows after as many at the latest. */
const lookAgainAfter = 16

class ObservedStore implements ObservedMachine<CommandResult> {
  readonly machine = new RevokedStore(history)
  /** Records are replaced, never changed. */
  #seen = new WeakMap<object, number>()
  #digests = 0
  readonly #isRestored: boolean

  constructor({ isRestored = false } = {}) {
    this.#isRestored = isRestored
  }

  digest(): number {
    if (++this.#digests % lookAgainAfter === 0) this.#seen = new WeakMap()
    const { time, leases, locks, answers, secrets } = this.machine
    let digest = fold(1, time)
    for (const records of [this.machine.items, leases.records, locks.records, answers.records, secrets.records]) {
      for (const record of records.values()) digest = fold(digest, this.#digestOf(record))
    }
    return digest | 0
  }
  #digestOf(record: object): number {
    const known = this.#seen.get(record)
    if (known !== undefined) return known
    const digest = foldText(0, JSON.stringify(record))
    this.#seen.set(record, digest)
    return digest
  }

  answer(key: string): string {
    return this.machine.get(key)?.value ?? nothing
  }

  /** What a server does beside its node, and clients that hold it to its promises. */
  attend(attended: Attended<CommandResult>): () => void {
    const { beliefs, told } = clusterOf(attended)
    const { node, clock } = attended
    beliefs.except(this.machine.revoked)
    const timekeeper = new Timekeeper({ node, store: this.machine, clock })
    const locks = new LockClient(attended, beliefs)
    const restores = this.#isRestored ? new RestoreClient(attended) : undefined
    const stopWatching = watchBeside(attended, this.machine, told)
    return () => {
      timekeeper.stop()
      locks.cancel()
      restores?.cancel()
      stopWatching()
    }
  }
}

type Cluster = { readonly beliefs: Beliefs; readonly told: Told }
const runs = new WeakMap<object, Map<string, Cluster>>()

/** What all nodes of one cluster share, in one run. */
function clusterOf({ run, clusterId }: Attended<CommandResult>): Cluster {
  const clusters = runs.get(run) ?? new Map<string, Cluster>()
  runs.set(run, clusters)
  const cluster = clusters.get(clusterId) ?? { beliefs: new Beliefs(), told: new Told() }
  clusters.set(clusterId, cluster)
  return cluster
}
