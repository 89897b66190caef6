import { describe, expect, test } from 'vitest'
import { settle } from '../src/config.ts'
import type { RaftOptions } from '../src/index.ts'
import { createRaft, InvariantError } from '../src/index.ts'

const make = (options: Partial<RaftOptions>) => createRaft({ id: 'n1', random: () => 0, ...options })

describe('a wrong option is refused by its name', () => {
  test.for<[Partial<Record<keyof RaftOptions | 'prevote', unknown>>, string]>([
    [{ id: '' }, 'id must be a string'],
    [{ id: 7 }, 'id must be a string'],
    [{ prevote: false }, 'unknown option prevote'],
    [{ heartbeatTicks: 0 }, 'heartbeatTicks'],
    [{ electionTicks: 1 }, 'electionTicks must be an integer greater than heartbeatTicks'],
    [{ electionTicks: 2.5 }, 'electionTicks'],
    [{ maxInflight: 0 }, 'maxInflight'],
    [{ maxInflightBytes: 0 }, 'maxInflightBytes must be at least 1'],
    [{ maxApplyBytes: 0 }, 'maxApplyBytes must be at least 1'],
    [{ maxMessageBytes: -1 }, 'maxMessageBytes must not be negative'],
    [{ maxUncommittedBytes: Number.NaN }, 'maxUncommittedBytes must not be negative'],
    [{ priority: 2 }, 'priority must be a number from 0 to 1'],
    [{ readMode: 'lease' }, 'readMode must be one of quorum, unbounded-lease'],
    [{ leaseDuration: -1 }, 'leaseDuration must not be negative'],
    [{ untakenChange: 'drop' }, 'untakenChange must be one of'],
    [{ unconfirmedReads: 'never' }, 'unconfirmedReads must be one of'],
    [{ readMode: 'unbounded-lease', checkQuorum: false }, 'readMode "unbounded-lease" needs checkQuorum'],
  ])('%j', ([options, message]) => {
    expect(() => make(options as Partial<RaftOptions>)).toThrow(RangeError)
    expect(() => make(options as Partial<RaftOptions>)).toThrow(message)
  })
})

test('one that is undefined is as one left out', () => {
  const { id: _id, ...settings } = {
    id: 'n1',
    ...settle({ id: 'n1', random: () => 0, preVote: undefined, electionTicks: undefined } as unknown as RaftOptions),
  }
  expect(settings).toMatchObject({ preVote: true, electionTicks: 10 })
})

test('a broken invariant names itself and carries the state', () => {
  const raft = make({})
  const error = catchFrom(() => raft.appliedTo(3))
  expect(error).toBeInstanceOf(InvariantError)
  expect(error).toMatchObject({ name: 'InvariantError', invariant: 'only what is committed is applied', state: { id: 'n1', commit: 0 } })
  expect((error as Error).message).toContain('"role":"follower"')
})

function catchFrom(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
