import { Random } from 'raft-sim'
import { expect, test } from 'vitest'
import { Cluster } from '../../src/chaos/cluster.ts'
import { faultNames, faults } from '../../src/chaos/faults.ts'
import { Nemesis } from '../../src/chaos/nemesis.ts'
import Chaos from '../../src/commands/chaos.ts'

/** Nodes of which only the names count: no fault here begins for real. */
function namesOnly(count: number): Cluster {
  const ids = Array.from({ length: count }, (_, at) => `n${at + 1}`)
  const nodes = ids.map(id => ({ id, state: 'up', lastWords: '' }))
  const network = { others: (id: string) => ids.filter(other => other !== id) }
  return Object.assign(Object.create(Cluster.prototype), { nodes, network })
}

test('the command names every fault that there is', () => {
  expect(Chaos.flags.faults.options).toEqual(faultNames)
})

test('the same seed plans the same faults', () => {
  const plans = (seed: number) => {
    const random = new Random(seed)
    return Array.from({ length: 50 }, () => random.pick(faults).plan(namesOnly(5), random).what)
  }
  expect(plans(3)).toEqual(plans(3))
  expect(plans(3)).not.toEqual(plans(4))
})

test('a node is never killed twice at once, and a link never broken in two ways', () => {
  const random = new Random(1)
  const cluster = namesOnly(3)
  const claims = new Map<string, Set<string>>()
  for (let at = 0; at < 500; at++) {
    const fault = random.pick(faults)
    for (const claim of fault.plan(cluster, random).claims) {
      if (!claims.has(claim)) claims.set(claim, new Set())
      claims.get(claim)?.add(fault.name)
    }
  }
  expect(Object.fromEntries([...claims].map(([claim, names]) => [claim, [...names].sort()]))).toEqual({
    ...Object.fromEntries([1, 2, 3].map(n => [`process of n${n}`, ['kill', 'pause', 'stop']])),
    ...Object.fromEntries([1, 2, 3].map(n => [`disk of n${n}`, ['failing-flush', 'full-disk', 'kill', 'slow-disk', 'stop']])),
    ...Object.fromEntries(
      ['n1 and n2', 'n1 and n3', 'n2 and n3'].map(two => [`link of ${two}`, ['cut', 'isolate', 'one-way', 'slow-link']]),
    ),
  })
})

test('faults overlap, none takes what another one has, and all are healed when it is told to stop', async () => {
  const stop = new AbortController()
  const inForce = new Set<string>()
  const never = {
    name: 'never',
    plan: () => ({
      claims: ['the same'],
      what: 'the same',
      begin: () => taken('the same'),
      heal: () => inForce.delete('the same') as never,
    }),
  }
  const many = {
    name: 'many',
    plan: (_: Cluster, random: Random) => {
      const claim = `claim ${random.below(20)}`
      return { claims: [claim], what: claim, begin: () => taken(claim), heal: () => void inForce.delete(claim) }
    },
  }
  function taken(claim: string): void {
    expect(inForce.has(claim)).toBe(false)
    inForce.add(claim)
  }
  const nemesis = new Nemesis({
    cluster: namesOnly(3),
    faults: [never, many],
    random: new Random(5),
    signal: stop.signal,
    onEvent: () => undefined,
  })
  const running = nemesis.run()
  await expect.poll(() => nemesis.summary.overlapping, { timeout: 15_000 }).toBeGreaterThan(1)
  stop.abort()
  await running
  expect(nemesis.active).toEqual([])
  expect([...inForce]).toEqual([])
})
