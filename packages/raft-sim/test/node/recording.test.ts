import { expect, test } from 'vitest'
import type { Deed } from '../../src/lin/operation.ts'
import { Recording } from '../../src/node/recording.ts'

const text = new TextDecoder()
const bytes = (value: string) => new TextEncoder().encode(value)

/** Every command is the value that it writes to one key. */
function recording(): Recording<string> {
  return new Recording<string>({
    changes: command => [{ op: 'write', key: 'k', value: text.decode(command) }],
    shows: (key, answer): Deed => ({ op: 'read', key, value: answer === '' ? null : answer }),
  })
}

test('what clients saw has an order', () => {
  const clients = recording()
  clients.writes('first', bytes('1'))
  clients.acknowledged('first', '')
  clients.writes('lost', bytes('2'))
  clients.asks('read')
  clients.answered('read', 'k', '2')
  clients.writes('refused', bytes('3'))
  clients.failed('refused')
  clients.check()
})

test('a stale read has none, whatever the log says', () => {
  const clients = recording()
  clients.writes('first', bytes('1'))
  clients.acknowledged('first', '')
  clients.asks('read')
  clients.answered('read', 'k', '')
  expect(() => clients.check()).toThrow(/read.*found nothing/s)
})

test('what was refused for certain must not be seen', () => {
  const clients = recording()
  clients.writes('refused', bytes('3'))
  clients.failed('refused')
  clients.asks('read')
  clients.answered('read', 'k', '3')
  expect(() => clients.check()).toThrow(/read "3"/)
})
