import { describe, expect, test } from 'vitest'
import type { BatchOutcome } from '../../src/api.ts'
import { Cluster } from './cluster.ts'
import { BatchRegister, Register } from './register.ts'

const commands = (...texts: string[]) => texts.map(text => Register.command(text))
const shown = (outcomes: readonly BatchOutcome<string>[]) =>
  outcomes.map(outcome => ('error' in outcome ? `${outcome.error.code}, ${outcome.error.outcome}` : outcome.result))

describe('a batch of commands', () => {
  test('is next to each other in the log, and each command has its own outcome, on whichever member', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(3)
    for (const [at, { node }] of [n1!, n2!].entries()) {
      n1!.disk.saves.length = 0
      const other = n1!.node.apply(Register.command('x'))
      const outcomes = await cluster.clock.outcome(node.applyBatch(commands('a', '!no', 'b')))
      await cluster.clock.outcome(other)
      const first = 3 * at + 2
      expect(shown(outcomes)).toEqual([`a is number ${first}`, 'STATE_MACHINE, unknown', `b is number ${first + 1}`])
      const [a, , b] = outcomes
      expect(b).toMatchObject({ index: (a as { index: number }).index + 2 })
    }
    expect(await cluster.clock.outcome(n2!.node.applyBatch([]))).toEqual([])
    await cluster.closeAll()
  })

  test('goes into the log as one append', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    n1!.disk.saves.length = 0
    await cluster.clock.outcome(n1!.node.applyBatch(Array.from({ length: 200 }, (_, i) => Register.command(`w${i}`))))
    expect(n1!.disk.saves.flatMap(({ entries }) => (entries.length > 0 ? [entries.length] : []))).toEqual([200])
    await cluster.closeAll()
  })

  test('that is too long, comes to no leader or is given up says so as a whole', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    const half = new Uint8Array(4 * 1024 * 1024)
    await expect(n1!.node.applyBatch([half, half])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', outcome: 'not-applied' })
    await expect(cluster.clock.outcome(n2!.node.applyBatch(commands('a'), { forward: false }))).rejects.toMatchObject({
      code: 'NOT_LEADER',
      outcome: 'not-applied',
    })
    await expect(cluster.clock.outcome(n1!.node.applyBatch(commands('a'), { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'ABORTED',
      outcome: 'not-applied',
    })
    for (const name of ['n2', 'n3']) cluster.kill(name)
    await expect(cluster.clock.outcome(n1!.node.applyBatch(commands('a', 'b'), { timeoutMs: 200 }))).rejects.toMatchObject({
      code: 'TIMED_OUT',
      outcome: 'unknown',
    })
    expect(n3!.register.applied).toEqual([])
    await cluster.clock.outcome(n1!.node.close())
  })

  test('waits for the next leader where nothing was begun', async () => {
    const cluster = new Cluster()
    const [, n2] = await cluster.found(3)
    cluster.kill('n1')
    const outcomes = await cluster.clock.outcome(n2!.node.applyBatch(commands('a', 'b')))
    expect(shown(outcomes)).toEqual(['a is number 1', 'b is number 2'])
    await cluster.closeAll()
  })
})

describe('a state machine that takes batches', () => {
  test('gets what is committed together at once, in order, and answers each', async () => {
    const cluster = new Cluster()
    const machines = [new BatchRegister(), new BatchRegister()]
    const n1 = await cluster.start('n1', { bootstrap: true, stateMachine: machines[0]! })
    await cluster.clock.outcome(n1.node.waitForLeader())
    const n2 = await cluster.join('n2', n1, { stateMachine: machines[1]! })
    await cluster.clock.until(() => n1.node.status().membership.voters.length === 2)
    const texts = Array.from({ length: 150 }, (_, i) => (i === 70 ? '!no' : `w${i}`))
    const outcomes = shown(await cluster.clock.outcome(n1.node.applyBatch(commands(...texts))))
    expect(outcomes.filter((_, at) => at !== 70)).toEqual(
      texts.filter((_, at) => at !== 70).map((text, at) => `${text} is number ${at + 1}`),
    )
    expect(outcomes[70]).toBe('STATE_MACHINE, unknown')
    expect(machines[0]!.batches.slice(0, 2)).toEqual([64, 64])
    await cluster.clock.outcome(n2.node.barrier())
    expect(machines[1]!.applied).toEqual(machines[0]!.applied)
    expect(Math.max(...machines[1]!.batches)).toBeGreaterThan(1)
    await cluster.closeAll()
  })

  test('and forgets an answer stops its node', async () => {
    const cluster = new Cluster()
    const machine = new BatchRegister()
    const n1 = await cluster.start('n1', { bootstrap: true, stateMachine: machine })
    await cluster.clock.outcome(n1.node.waitForLeader())
    machine.forgets = true
    await expect(cluster.clock.outcome(n1.node.applyBatch(commands('a', 'b')))).rejects.toMatchObject({ code: 'INVARIANT_BROKEN' })
    expect(n1.node.fault?.message).toContain('1 answers to 2 commands')
    await cluster.closeAll()
  })

  test('gets its commands one by one where digests are compared', async () => {
    const cluster = new Cluster()
    const machine = Object.assign(new BatchRegister(), { digest: () => 'same' })
    const n1 = await cluster.start('n1', { bootstrap: true, stateMachine: machine })
    await cluster.clock.outcome(n1.node.waitForLeader())
    await cluster.clock.outcome(n1.node.applyBatch(commands('a', 'b')))
    expect(machine.batches).toEqual([])
    await cluster.closeAll()
  })
})
