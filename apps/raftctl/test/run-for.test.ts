import { expect, test } from 'vitest'
import { runFor } from '../src/watch/run-for.ts'

const run = (command: string, value: string | Uint8Array) =>
  runFor(command, { revision: 7, change: { type: 'put', key: 'a', value, created: 7, modified: 7, version: 1 } })

test('a short value is in a variable, too', async () => {
  expect(await run('test "$RAFTCTL_WATCH_VALUE" = "$(cat)"', 'one')).toBeUndefined()
  expect(await run('exit 3', 'one')).toBe('ended with exit code 3')
})

test('a value whose bytes are too many for a variable is in the standard input alone', async () => {
  expect(await run('test -z "$RAFTCTL_WATCH_VALUE" && test "$(wc -c)" -eq 180000', '€'.repeat(60_000))).toBeUndefined()
})
