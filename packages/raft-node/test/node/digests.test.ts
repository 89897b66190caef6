import { expect, test } from 'vitest'
import { Digests } from '../../src/digests.ts'
import { Cluster } from './cluster.ts'
import { Register } from './register.ts'

/** Goes wrong after some command on one node: as if it had looked at a clock. */
class Drifting extends Register {
  readonly #drifts: boolean
  constructor(drifts: boolean) {
    super()
    this.#drifts = drifts
  }
  override apply(command: Uint8Array): string {
    const result = super.apply(command)
    if (this.#drifts && this.applied.length === 6) this.applied.push('drift')
    return result
  }
  digest(): string {
    return this.applied.join()
  }
}

test('a state machine that is not deterministic is found, with the member and the index', async () => {
  const cluster = new Cluster()
  const n1 = await cluster.start('n1', { bootstrap: true, stateMachine: new Drifting(false) })
  await cluster.clock.outcome(n1.node.waitForLeader())
  await cluster.join('n2', n1, { stateMachine: new Drifting(true) })
  await cluster.join('n3', n1, { stateMachine: new Drifting(false) })
  const at: number[] = []
  for (let i = 0; i < 9; i++) at.push((await cluster.clock.outcome(n1.node.apply(Register.command(`w${i}`)))).index)
  await cluster.clock.run(20_000)
  const told = n1.events.filter(({ type }) => type === 'divergence')
  expect(told).toEqual([{ type: 'divergence', id: 'n2', index: at[5], isExact: true }])
  await cluster.closeAll()
})

test('only what both know is compared; without a common beginning the index may be too late', () => {
  const digests = new Digests()
  for (const index of [5, 6, 7]) digests.record(index, `d${index}`)
  expect(digests.firstDifference([])).toBeUndefined()
  expect(
    digests.firstDifference([
      [5, 'd5'],
      [9, 'x'],
    ]),
  ).toBeUndefined()
  expect(
    digests.firstDifference([
      [5, 'd5'],
      [7, 'x'],
    ]),
  ).toEqual({ index: 7, isExact: true })
  expect(digests.firstDifference([[6, 'x']])).toEqual({ index: 6, isExact: false })
  for (let index = 8; index < 5_000; index++) digests.record(index, 'd')
  expect(digests.latest().length).toBe(1_000)
})
