import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/index.ts'
import { TracedCluster } from '../../trace/cluster.ts'
import { scenarios } from '../../trace/scenarios.ts'
import { type Line, Specification } from './specification.ts'

function check(lines: readonly string[]): Line[] {
  const specification = new Specification()
  return lines.map((text, at) => {
    const { event } = JSON.parse(text) as { event: Line }
    try {
      specification.step(event)
    } catch (error) {
      throw new Error(
        `line ${at + 1}: ${error instanceof Error ? error.message : error}\n${lines.slice(Math.max(0, at - 5), at + 1).join('\n')}`,
      )
    }
    return event
  })
}

describe('a run as NDJSON is a behaviour of the TLA+ specification', () => {
  test.for(Object.keys(scenarios))('%s', name => {
    const events = check(scenarios[name]!().lines)
    expect(events.some(event => event.name === 'BecomeLeader')).toBe(true)
  })

  /** Elections, proposals, lost messages and restarts in any order, without what the specification does not know. */
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('campaign', 'propose', 'heartbeat', 'restart'), node: fc.constantFrom('n1', 'n2', 'n3') }),
    fc.record({ do: fc.constant('settle'), node: fc.constantFrom('', 'n1', 'n2', 'n3') }),
  )
  test('whatever happens', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const cluster = new TracedCluster(['n1', 'n2', 'n3'], { checkQuorum: false, preVote: false })
        for (const { do: what, node } of steps) {
          if (what === 'settle') cluster.settle(({ from, to }: Message) => from === node || to === node)
          if (what === 'campaign') cluster.node(node).campaign()
          if (what === 'propose') cluster.node(node).propose(new Uint8Array(1))
          if (what === 'heartbeat') cluster.tick(node, 1)
          if (what === 'restart') {
            cluster.work(node)
            cluster.start(node)
          }
        }
        cluster.settle()
        check(cluster.lines)
      }),
      { numRuns: 200 },
    )
  })

  test('and a wrong one is not', () => {
    const lines = scenarios.election!().lines
    const commit = lines.findIndex(line => line.includes('"Commit"') && line.includes('"commit":2'))
    expect(() => check(lines.map((line, at) => (at === commit ? line.replace('"commit":2', '"commit":3') : line)))).toThrow(/line/)
    const vote = lines.findIndex(line => line.includes('"BecomeLeader"'))
    expect(() => check([...lines.slice(0, 12), ...lines.slice(vote)])).toThrow(/line 13/)
  })
})

test('the shape of a line', () => {
  const [first] = scenarios.election!().lines
  expect(JSON.parse(first!)).toEqual({
    tag: 'trace',
    event: {
      name: 'InitState',
      nid: 'n1',
      state: { term: 1, vote: '0', commit: 1 },
      role: 'StateFollower',
      log: 1,
      conf: [['n1', 'n2', 'n3'], []],
    },
  })
})

test('snapshots, learners and joint changes are written too', () => {
  const { lines } = scenarios.membership!()
  for (const words of ['"MsgSnap"', '"AddLearner"', '"AddNewServer"', '"RemoveServer"', '"ApplyConfChange"', '"newconf"'])
    expect(
      lines.some(line => line.includes(words)),
      words,
    ).toBe(true)
})
