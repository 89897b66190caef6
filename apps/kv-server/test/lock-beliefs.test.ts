import { expect, test } from 'vitest'
import { Beliefs, RevokedStore } from '../src/simulation/lock-client.ts'
import type { Command } from '../src/store/command.ts'
import { encodeCommand } from '../src/store/command-codec.ts'

const [first, second] = [{}, {}]

test('two clients that hold the lock at once are found out', () => {
  const beliefs = new Beliefs()
  expect(beliefs.holds({ client: first, lease: 1, until: 200 }, 3, 100)).toBeUndefined()
  expect(beliefs.holds({ client: second, lease: 2, until: 400 }, 4, 150)).toMatch(/two clients hold the lock: one until 200/)
  expect(beliefs.holds({ client: second, lease: 2, until: 400 }, 4, 200)).toBeUndefined()
})

test('only a lease that was really revoked ends a belief before its time', () => {
  const store = new RevokedStore({ revisions: 10, bytes: 1e6 })
  const apply = (command: Command, index: number) => store.apply(encodeCommand(command), index)
  const beliefs = new Beliefs()
  beliefs.except(store.revoked)
  apply({ type: 'grant', ttlMs: 1_000 }, 1)
  beliefs.holds({ client: first, lease: 1, until: 200 }, 3, 100)
  apply({ type: 'revoke', lease: 2 }, 2)
  apply({ type: 'unlock', name: 'the lock', lease: 1 }, 3)
  expect(beliefs.holds({ client: second, lease: 4, until: 400 }, 4, 150)).toMatch(/two clients/)
  apply({ type: 'revoke', lease: 1 }, 5)
  expect(beliefs.holds({ client: second, lease: 4, until: 400 }, 4, 150)).toBeUndefined()
})
