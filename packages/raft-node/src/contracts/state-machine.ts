import { RaftError } from '../errors.ts'
import type { StateMachine } from '../ports.ts'
import { begun } from '../snapshot-parts.ts'
import type { ContractTools } from './tools.ts'

/** How to make an empty state machine, some commands for it, and a way to see all of its state as text. */
export type StateMachineWorld<Result> = {
  create(): StateMachine<Result>
  /** At least a few, among them ones that change the same thing twice. */
  readonly commands: readonly Uint8Array[]
  show(machine: StateMachine<Result>): string
  /** For one that keeps `appliedIndex`: as it is opened again after its process was killed. */
  reopen?(machine: StateMachine<Result>): StateMachine<Result>
}

/** What every state machine must hold: the same commands give the same results and state, through snapshots too. */
export function stateMachineContract<Result>({ describe, test, expect }: ContractTools, make: () => StateMachineWorld<Result>): void {
  describe('state machine', () => {
    test('the same commands in the same order give the same results and the same state', async () => {
      const { create, commands, show } = make()
      const [one, other] = [create(), create()]
      const results = applyAll(one, commands)
      expect(applyAll(other, commands)).toEqual(results)
      expect(show(other)).toBe(show(one))
    })

    test('commands that come in batches give the same as one by one, wherever a batch ends', async () => {
      const { create, commands, show } = make()
      const [one, other] = [create(), create()]
      if (other.applyBatch === undefined) return
      const numbered = commands.map((command, at) => ({ command, index: at + 1 }))
      const expected = commands.map((command, at) => outcomeOf(one, command, at + 1))
      const outcomes = [numbered.slice(0, 1), numbered.slice(1)].flatMap(batch => other.applyBatch?.(batch) ?? [])
      expect(outcomes.map(outcome => ('error' in outcome ? String(outcome.error) : outcome.result))).toEqual(expected)
      expect(show(other)).toBe(show(one))
    })

    test('a restored snapshot is the whole state, and goes on as the original does', async () => {
      const { create, commands, show } = make()
      const half = Math.ceil(commands.length / 2)
      const [one, other] = [create(), create()]
      applyAll(one, commands.slice(0, half))
      // What the other one held before is gone.
      applyAll(other, commands)
      await other.restore(one.snapshot(), half)
      expect(show(other)).toBe(show(one))
      expect(applyAll(other, commands.slice(half), half)).toEqual(applyAll(one, commands.slice(half), half))
      expect(show(other)).toBe(show(one))
    })

    test('a snapshot is frozen: what is applied while it is read does not get into it', async () => {
      const { create, commands, show } = make()
      const [one, other] = [create(), create()]
      applyAll(one, commands.slice(0, 1))
      const before = show(one)
      const snapshot = begun(one.snapshot()) // as the node takes it: the first step comes at once
      applyAll(one, commands.slice(1), 1)
      await other.restore(snapshot, 1)
      expect(show(other)).toBe(before)
    })

    test('one with a store of its own is found again as it was at its applied index, and goes on from there', async () => {
      const { create, commands, show, reopen } = make()
      if (reopen === undefined) return
      expect(create().appliedIndex?.()).toBe(0)
      for (let count = 0; count <= commands.length; count++) {
        const [one, whole] = [create(), create()]
        applyAll(one, commands.slice(0, count))
        const again = reopen(one)
        const at = again.appliedIndex?.() ?? Number.NaN
        expect(at >= 0 && at <= count).toBe(true)
        applyAll(whole, commands.slice(0, at))
        expect(show(again)).toBe(show(whole))
        applyAll(again, commands.slice(at), at)
        applyAll(whole, commands.slice(at), at)
        expect(show(again)).toBe(show(whole))
      }
    })

    test('what a store of its own has restored is durable, with its index', async () => {
      const { create, commands, show, reopen } = make()
      if (reopen === undefined) return
      const [one, other] = [create(), create()]
      applyAll(one, commands)
      await other.restore(one.snapshot(), 100)
      const again = reopen(other)
      expect(again.appliedIndex?.()).toBe(100)
      expect(show(again)).toBe(show(one))
    })

    test('data that are no snapshot are refused, and the state is as before', async () => {
      const { create, commands, show } = make()
      const machine = create()
      applyAll(machine, commands)
      const before = show(machine)
      const refusal = await machine.restore(garbage(), 100).then(
        () => undefined,
        (cause: unknown) => ({ cause }),
      )
      if (refusal === undefined) return
      expect(show(machine)).toBe(before)
      // Any other RaftError says that the node is at fault, and stops it: clients could stop them all with such data.
      if (refusal.cause instanceof RaftError) expect(refusal.cause.code).toBe('CORRUPT')
    })

    test('a command that means nothing leaves the state as it was, in the same way everywhere', async () => {
      const { create, commands, show } = make()
      const [one, other] = [create(), create()]
      for (const machine of [one, other]) applyAll(machine, commands)
      const before = show(one)
      const nonsense = Uint8Array.of(255, 255, 255, 255)
      expect(outcomeOf(one, nonsense)).toEqual(outcomeOf(other, nonsense))
      expect(show(one)).toBe(before)
    })
  })
}

function applyAll<Result>(machine: StateMachine<Result>, commands: readonly Uint8Array[], applied = 0): Result[] {
  return commands.map((command, at) => machine.apply(command, applied + at + 1))
}

/** A throw is an answer too, as long as it is the same on every node. */
function outcomeOf<Result>(machine: StateMachine<Result>, command: Uint8Array, index = 1_000): unknown {
  try {
    return machine.apply(command, index)
  } catch (error) {
    return String(error)
  }
}

async function* garbage(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(0, 0, 0, 3, 193, 193, 193, 255)
}
