import { stateMachineContract } from 'raft-node/contracts'
import { describe, expect, test } from 'vitest'
import { encodeCommand } from '../src/store/command-codec.ts'
import { KvStore } from '../src/store/kv-store.ts'

const set = (...pairs: [string, string][]) => encodeCommand({ type: 'set', pairs })

stateMachineContract({ describe, test, expect }, () => ({
  create: () => new KvStore(),
  commands: [
    set(['foo', 'bar'], ['__proto__', '']),
    set(['foo', 'baz']),
    encodeCommand({ type: 'delete', key: 'foo' }),
    set(['10', 'ten'], ['9', 'nine']),
    encodeCommand({ type: 'delete', key: 'missing' }),
    set(['emoji 🦑', 'x'.repeat(100_000)]),
  ],
  show: store => JSON.stringify([...(store as KvStore).values()]),
}))
