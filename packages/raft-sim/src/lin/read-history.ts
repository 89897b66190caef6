import type { Operation, Value } from './operation.ts'

/** A line that is not an operation: says which, and what it should be. */
export class BadHistory extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`)
    this.name = 'BadHistory'
    this.line = line
  }
}

/** JSON lines, one operation each; empty lines are skipped. Throws BadHistory. */
export function readHistory(text: string): Operation[] {
  const operations: Operation[] = []
  for (const [at, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (line.trim() !== '') operations.push(readOperation(line, at + 1))
  }
  return operations
}

function readOperation(line: string, number: number): Operation {
  const fields = parseObject(line, number)
  const refuse = (message: string): never => {
    throw new BadHistory(number, message)
  }
  const scalar = (name: string): Value => {
    const value = fields[name]
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
    return refuse(value === undefined ? `${name} is missing` : `${name} must be a string, a number, true, false or null`)
  }
  const { client, key, call, ok } = fields
  const returned = fields.return
  if (typeof client !== 'string' && typeof client !== 'number') return refuse('client must be a string or a number')
  if (typeof key !== 'string' && typeof key !== 'number') return refuse('key must be a string')
  if (!isTime(call)) return refuse('call must be a number')
  if (returned === undefined) return refuse('return is missing: a number, or null if the outcome is unknown')
  if (returned !== null && !isTime(returned)) return refuse('return must be a number, or null if the outcome is unknown')
  if (returned !== null && returned < call) return refuse(`it returns at ${returned}, before its call at ${call}`)
  const timed = { client, key: String(key), call, return: returned }

  switch (fields.op) {
    case 'read':
      return { ...timed, op: 'read', value: returned === null && fields.value === undefined ? null : scalar('value') }
    case 'write':
      return { ...timed, op: 'write', value: scalar('value') }
    case 'cas':
      if (returned !== null && typeof ok !== 'boolean') return refuse('ok must be true or false: whether the cas took')
      return { ...timed, op: 'cas', expected: scalar('expected'), value: scalar('value'), ok: ok === true }
    case 'append':
      if (typeof fields.value !== 'string') return refuse('value must be a string: what is appended')
      return { ...timed, op: 'append', value: fields.value }
    default:
      return refuse(`op must be read, write, cas or append, not ${JSON.stringify(fields.op)}`)
  }
}

function parseObject(line: string, number: number): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new BadHistory(
      number,
      'is not JSON: one operation a line, such as {"client":1,"op":"read","key":"a","value":null,"call":1,"return":2}',
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.fromEntries(Object.entries(value))
  throw new BadHistory(number, 'must be a JSON object')
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
