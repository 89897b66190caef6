import type { Node } from 'raft-node'
import type { Batches } from 'raft-node/level'
import { type Plant, type RunResult, simulateNode } from 'raft-sim'
import { expect, test } from 'vitest'
import { kvApplication, operatedKvApplication } from '../src/simulation/kv-application.ts'
import type { CommandResult } from '../src/store/command.ts'
import { decodeCommand } from '../src/store/command-codec.ts'

const events = 3_000

function run(seed: number, plant: Plant<CommandResult> = {}): Promise<RunResult> {
  return simulateNode({ seed, application: kvApplication, events, plant })
}

/** The first violation within so many seeds. */
async function firstFailure(plant: Plant<CommandResult>, seeds: number): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure } = await run(seed, plant)
    if (failure !== undefined) return failure.invariant
  }
  return undefined
}

test('production nodes with this store keep every promise, and the same seed does the same', { timeout: 120_000 }, async () => {
  const first = await run(7)
  const second = await run(7)
  expect(first.failure).toBeUndefined()
  expect(second.hash).toBe(first.hash)
  expect(first.coverage.count('committed write')).toBeGreaterThan(0)
  expect(first.coverage.count('linearizable read')).toBeGreaterThan(0)
})

test('where only a quorum recovers, and the others stay broken for ever, the cluster lives again', { timeout: 120_000 }, async () => {
  for (const seed of [8, 11, 13, 26, 27]) {
    const { failure, coverage } = await simulateNode({ seed, application: kvApplication, events: 1_500 })
    expect(failure).toBeUndefined()
    expect(coverage.count('only a quorum healed')).toBe(1)
  }
})

test('seed 45: a lock whose lease somebody else revoked passes on at once, and nothing was promised', { timeout: 60_000 }, async () => {
  const { failure } = await simulateNode({ seed: 45, application: kvApplication })
  expect(failure).toBeUndefined()
})

test('restores take place, or are lost to another, and nobody ever sees half of one', { timeout: 120_000 }, async () => {
  const seen = { done: 0, refused: 0 }
  const counting: typeof operatedKvApplication = {
    ...operatedKvApplication,
    create: () => {
      const observed = operatedKvApplication.create()
      const { machine } = observed
      const apply = machine.apply.bind(machine)
      machine.apply = (bytes, index) => {
        const result = apply(bytes, index)
        const isEnd = decodeCommand(bytes).type === 'restoreCommit'
        if (isEnd && (result.type === 'done' || result.type === 'refused')) seen[result.type]++
        return result
      }
      return observed
    },
  }
  for (const seed of [3, 11, 43, 51]) expect((await simulateNode({ seed, application: counting })).failure).toBeUndefined()
  expect(seen.done).toBeGreaterThan(5)
  expect(seen.refused).toBeGreaterThan(2)
})

test('a disk that says it has flushed, and has not, is found out', { timeout: 180_000 }, async () => {
  const batches = (inner: Batches): Batches => ({
    open: () => inner.open(),
    reset: () => inner.reset(),
    write: batch => inner.write({ ...batch, sync: false }),
    removeRange: range => inner.removeRange(range),
    read: range => inner.read(range),
    close: () => inner.close(),
  })
  expect(await firstFailure({ batches }, 40)).toBeDefined()
})

test('a node that answers reads without asking whether it still leads is found out', { timeout: 180_000 }, async () => {
  const node = (inner: Node<CommandResult>): Node<CommandResult> =>
    new Proxy(inner, {
      get(target, name) {
        if (name === 'read') return async () => target.status().applied
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  expect(await firstFailure({ node }, 40)).toBeDefined()
})
