import type { Entry, HardState } from 'raft-core'
import type { Identity, LogBatch, LogStore } from '../ports.ts'
import { bytes, type ContractTools, refusal } from './tools.ts'

export type LogStoreWorld = {
  /** A store on this world's folder, not opened. */
  store(): LogStore
  /** The process is gone, without `close`; what it had written is there. Stores made before are of no use afterwards. */
  crash(): Promise<void>
  dispose(): Promise<void>
}

const identity: Identity = { clusterId: 'c'.repeat(32), nodeId: 'n1', incarnation: '1'.repeat(32) }

/** What every `LogStore` keeps to. `make` builds a world of its own for each rule. */
export function logStoreContract({ describe, test, expect }: ContractTools, make: () => Promise<LogStoreWorld>): void {
  const rule = (name: string, body: (world: LogStoreWorld) => Promise<void>) =>
    test(name, async () => {
      const world = await make()
      try {
        await body(world)
      } finally {
        await world.dispose()
      }
    })

  /** A rule about what is found again, however the store was left. */
  const lastingRule = (name: string, body: (world: LogStoreWorld, leave: (store: LogStore) => Promise<LogStore>) => Promise<void>) => {
    rule(`${name}, after closing`, world =>
      body(world, async store => {
        await store.close()
        return world.store()
      }),
    )
    rule(`${name}, after a crash`, world =>
      body(world, async () => {
        await world.crash()
        return world.store()
      }),
    )
  }

  describe('log store: whose it is', () => {
    rule('a new folder is nobody’s and has no log', async world => {
      const store = world.store()
      expect(await store.open()).toEqual({ identity: undefined, state: { hardState: votes(0), base: at(0, 0), baseChain: 0, entries: [] } })
      await store.close()
    })

    lastingRule('the identity is kept', async (world, leave) => {
      const again = await leave(await founded(world))
      expect((await again.open()).identity).toEqual(identity)
      await again.close()
    })

    lastingRule('a folder gets its cluster when it joins one', async (world, leave) => {
      const store = world.store()
      await store.open()
      await store.initialize({ ...identity, clusterId: '' })
      const again = await leave(store)
      expect((await again.open()).identity).toEqual({ ...identity, clusterId: '' })
      await again.initialize({ ...identity, nodeId: 'n1~2' })
      const joined = await leave(again)
      expect((await joined.open()).identity).toEqual({ ...identity, nodeId: 'n1~2' })
      await joined.close()
    })

    rule('it cannot be given to another node', async world => {
      const store = await founded(world)
      expect(await refusal(store.initialize({ ...identity, incarnation: '2'.repeat(32) }))).toBe('INVALID_ARGUMENT')
      await store.close()
    })

    rule('two at a time cannot have it', async world => {
      const store = await founded(world)
      const second = world.store()
      expect(await refusal(second.open())).toBe('FOLDER_IN_USE')
      await store.save(batch({ entries: [command(1, 1)] }))
      await store.close()
    })
  })

  describe('log store: saving', () => {
    lastingRule('entries of every type, term, vote and commit index are kept', async (world, leave) => {
      const store = await founded(world)
      const entries: Entry[] = [
        { term: 1, index: 1, type: 'empty' },
        { term: 1, index: 2, type: 'command', data: bytes('set x') },
        { term: 2, index: 3, type: 'command', data: new Uint8Array(0) },
        {
          term: 2,
          index: 4,
          type: 'membership',
          change: { transition: 'auto', changes: [{ type: 'learner', id: 'n2', promote: true }], context: Uint8Array.of(0, 255) },
        },
      ]
      const hardState = { term: 3, vote: 'n2', commit: 2 }
      await store.save(batch({ hardState, entries }))
      const again = await leave(store)
      expect((await again.open()).state).toEqual({ hardState, base: at(0, 0), baseChain: 0, entries })
      await again.close()
    })

    lastingRule('a vote is kept without entries, and a term without a vote', async (world, leave) => {
      const store = await founded(world)
      await store.save(batch({ hardState: { term: 1, vote: 'n2', commit: 0 } }))
      const again = await leave(store)
      expect((await again.open()).state.hardState).toEqual({ term: 1, vote: 'n2', commit: 0 })
      await again.save(batch({ hardState: { term: 2, vote: undefined, commit: 0 } }))
      const third = await leave(again)
      expect((await third.open()).state.hardState).toEqual({ term: 2, vote: undefined, commit: 0 })
      await third.close()
    })

    lastingRule('entries replace those at their indices and after', async (world, leave) => {
      const store = await founded(world)
      await store.save(batch({ hardState: votes(1), entries: commands(1, 1, 5) }))
      await store.save(batch({ hardState: votes(2), entries: [command(2, 3)] }))
      expect(store.chainAt(4)).toBe(undefined)
      const again = await leave(store)
      expect((await again.open()).state.entries).toEqual([...commands(1, 1, 2), command(2, 3)])
      await again.close()
    })

    lastingRule('a commit index saved without a flush goes with the next batch', async (world, leave) => {
      const store = await founded(world)
      await store.save(batch({ hardState: votes(1), entries: commands(1, 1, 3) }))
      await store.save({ hardState: { ...votes(1), commit: 2 }, entries: [], resetTo: undefined, mustSync: false })
      await store.save(batch({ entries: [command(1, 4)] }))
      const again = await leave(store)
      expect((await again.open()).state.hardState.commit).toBe(2)
      await again.close()
    })

    rule('a commit index saved without a flush is there after closing', async world => {
      const store = await founded(world)
      await store.save(batch({ hardState: votes(1), entries: commands(1, 1, 3) }))
      await store.save({ hardState: { ...votes(1), commit: 3 }, entries: [], resetTo: undefined, mustSync: false })
      await store.close()
      const again = world.store()
      expect((await again.open()).state.hardState.commit).toBe(3)
      await again.close()
    })

    rule('what does not fit without gaps is refused and changes nothing', async world => {
      const store = await founded(world)
      await store.save(batch({ hardState: votes(1), entries: commands(1, 1, 3) }))
      for (const entries of [[command(1, 5)], [command(1, 0)], [command(1, 4), command(1, 6)]]) {
        expect(await refusal(store.save(batch({ entries })))).toBe('INVALID_ARGUMENT')
      }
      await store.save(batch({ entries: [command(1, 4)] }))
      await store.close()
      const again = world.store()
      expect((await again.open()).state.entries).toEqual(commands(1, 1, 4))
      await again.close()
    })

    rule('after closing nothing is saved any more', async world => {
      const store = await founded(world)
      await Promise.all([store.close(), store.close()])
      expect(await refusal(store.save(batch({ entries: [command(1, 1)] })))).toBe('STORAGE_FAILED')
      expect(await refusal(store.compact(1))).toBe('STORAGE_FAILED')
    })
  })

  describe('log store: the chain', () => {
    rule('is the same for the same log on every node, however it was saved', async world => {
      const store = await founded(world)
      await store.save(batch({ hardState: votes(1), entries: commands(1, 1, 4) }))
      const hashes = [1, 2, 3, 4].map(index => store.chainAt(index))
      await store.close()

      const other = await make()
      try {
        const theirs = await founded(other, { ...identity, nodeId: 'n2' })
        await theirs.save(batch({ hardState: votes(1), entries: commands(1, 1, 1) }))
        await theirs.save(batch({ entries: commands(1, 2, 4) }))
        expect([1, 2, 3, 4].map(index => theirs.chainAt(index))).toEqual(hashes)
        await theirs.save(batch({ hardState: votes(2), entries: [command(2, 3), command(2, 4)] }))
        expect(theirs.chainAt(2)).toBe(hashes[1])
        expect(theirs.chainAt(3) === hashes[2]).toBe(false)
        expect(theirs.chainAt(4) === hashes[3]).toBe(false)
        await theirs.close()
      } finally {
        await other.dispose()
      }
    })

    lastingRule('reaches from the base to the last entry', async (world, leave) => {
      const store = await founded(world)
      await store.save(batch({ hardState: votes(1), entries: commands(1, 1, 5) }))
      const hashes = [2, 3, 4, 5].map(index => store.chainAt(index))
      expect(hashes.every(hash => Number.isSafeInteger(hash))).toBe(true)
      await store.compact(2)
      const again = await leave(store)
      await again.open()
      expect([1, 2, 3, 4, 5, 6].map(index => again.chainAt(index))).toEqual([undefined, ...hashes, undefined])
      await again.close()
    })
  })

  describe('log store: forgetting', () => {
    lastingRule('compaction moves the base', async (world, leave) => {
      const store = await founded(world)
      await store.save(batch({ hardState: { ...votes(2), commit: 4 }, entries: [...commands(1, 1, 3), ...commands(2, 4, 6)] }))
      const chain = store.chainAt(4)
      await store.compact(4)
      await store.compact(3)
      const again = await leave(store)
      expect((await again.open()).state).toEqual({
        hardState: { ...votes(2), commit: 4 },
        base: at(2, 4),
        baseChain: chain,
        entries: commands(2, 5, 6),
      })
      await again.close()
    })

    lastingRule('compaction up to the last entry leaves a log that goes on', async (world, leave) => {
      const store = await founded(world)
      await store.save(batch({ hardState: { ...votes(1), commit: 3 }, entries: commands(1, 1, 3) }))
      await store.compact(3)
      await store.save(batch({ entries: [command(1, 4)] }))
      const again = await leave(store)
      expect((await again.open()).state).toMatchObject({ base: at(1, 3), entries: [command(1, 4)] })
      await again.close()
    })

    lastingRule('compaction runs beside saving', async (world, leave) => {
      const store = await founded(world)
      await store.save(batch({ hardState: { ...votes(1), commit: 50 }, entries: commands(1, 1, 50) }))
      const compacted = store.compact(40)
      for (let index = 51; index <= 60; index++) await store.save(batch({ entries: [command(1, index)] }))
      await compacted
      const again = await leave(store)
      expect((await again.open()).state).toMatchObject({ base: at(1, 40), entries: commands(1, 41, 60) })
      await again.close()
    })

    lastingRule('what the base covers is committed', async (world, leave) => {
      const store = await founded(world)
      await store.save(batch({ hardState: votes(1), entries: commands(1, 1, 5) }))
      await store.save({ hardState: { ...votes(1), commit: 5 }, entries: [], resetTo: undefined, mustSync: false })
      await store.compact(4)
      const again = await leave(store)
      expect(((await again.open()).state.hardState.commit ?? 0) >= 4).toBe(true)
      await again.close()
    })

    for (const [what, position, following] of [
      ['beyond the log', at(3, 100), []],
      ['beyond the log, with entries after it', at(3, 100), commands(3, 101, 103)],
      ['within the log', at(3, 4), []],
      ['within the log, with entries after it', at(3, 4), commands(3, 5, 6)],
    ] as const) {
      lastingRule(`a snapshot ${what} replaces all of it`, async (world, leave) => {
        const store = await founded(world)
        await store.save(batch({ hardState: votes(1), entries: commands(1, 1, 10) }))
        const hardState = { ...votes(3), commit: position.index }
        await store.save(batch({ hardState, resetTo: { position, chain: 123456789012345 }, entries: following }))
        expect(store.chainAt(position.index)).toBe(123456789012345)
        const again = await leave(store)
        expect((await again.open()).state).toEqual({ hardState, base: position, baseChain: 123456789012345, entries: following })
        const next = position.index + following.length + 1
        await again.save(batch({ entries: [command(3, next)] }))
        const third = await leave(again)
        expect((await third.open()).state.entries).toEqual([...following, command(3, next)])
        await third.close()
      })
    }
  })
}

async function founded(world: LogStoreWorld, as = identity): Promise<LogStore> {
  const store = world.store()
  await store.open()
  await store.initialize(as)
  return store
}

function batch(parts: Partial<LogBatch>): LogBatch {
  return { hardState: undefined, entries: [], resetTo: undefined, mustSync: true, ...parts }
}

function votes(term: number): HardState {
  return { term, vote: undefined, commit: 0 }
}

function command(term: number, index: number): Entry {
  return { term, index, type: 'command', data: bytes(`${term}.${index}`) }
}

function commands(term: number, from: number, to: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => command(term, from + i))
}

function at(term: number, index: number): { readonly term: number; readonly index: number } {
  return { term, index }
}
