import { expect, test } from 'vitest'
import { unknownCommand } from '../src/command/unknown-command.ts'

const program = { bin: 'raftctl', known: ['kv get', 'kv set', 'cluster status', 'dev'], topics: ['kv', 'cluster'] }

test.each([
  ['kv gte', 'there is no command "kv gte"; did you mean "raftctl kv get"? "raftctl kv --help" shows what there is'],
  ['kv gte foo bar', 'there is no command "kv gte"; did you mean "raftctl kv get"? "raftctl kv --help" shows what there is'],
  ['clutser status', 'there is no command "clutser status"; did you mean "raftctl cluster status"? "raftctl --help" shows what there is'],
  ['clutser', 'there is no command "clutser"; did you mean "raftctl cluster"? "raftctl --help" shows what there is'],
  ['kv zzzzzzzz', 'there is no command "kv zzzzzzzz"; "raftctl kv --help" shows what there is'],
  ['nothing', 'there is no command "nothing"; "raftctl --help" shows what there is'],
])('%s', (words, message) => {
  expect(unknownCommand(words, program)).toBe(message)
})
