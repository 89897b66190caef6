import { expect, test } from 'vitest'
import { prettyLine } from '../src/node/log-lines.ts'

test('a log line for people: time, level, message', () => {
  expect(prettyLine('{"level":30,"time":1700000000123,"term":2,"msg":"raft: leads term 2"}')).toBe('22:13:20.123 info  raft: leads term 2')
})

test('an error gives its message, and not its stack', () => {
  const line = prettyLine('{"level":50,"time":0,"err":{"message":"disk full","stack":"at x"},"msg":"http: POST failed"}')
  expect(line).toBe('00:00:00.000 ERROR http: POST failed: disk full')
})

test('what is not JSON stays', () => {
  expect(prettyLine('hello')).toBe('hello')
})
