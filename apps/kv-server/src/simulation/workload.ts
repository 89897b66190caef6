import type { Random } from 'raft-sim'
import { type Binary, binaryOf } from '../store/binary.ts'
import type { Command, Compare, Operation, Pair } from '../store/command.ts'
import { encodeCommand } from '../store/command-codec.ts'

/** Few keys: so that writers and readers meet. Some of them are keys that maps of other kinds get wrong. */
const plainKeys: readonly Binary[] = ['a', 'b', 'c', '10', '9', '__proto__', binaryOf('ключ'), '']
/** Those that transactions, leases and keyed requests write as well: what they do depends on more than one key. */
const boundKeys: readonly Binary[] = ['txn/a', 'txn/b', 'txn/', 'txn/\xff\0']
export const allKeys = [...plainKeys, ...boundKeys]

/** Whether a key is only set and deleted, so that its history can be looked at alone. */
export function isPlain(key: Binary): boolean {
  return plainKeys.includes(key)
}
const locks = ['l', 'm']
const secrets = ['s', 't']
const joiners = ['one', 'other']

/** What a client may want. Leases and revisions are guessed: most clients know them, and some are wrong. */
export function drawCommand(random: Random, number: number): Command {
  const kind = random.next()
  if (kind < 0.1) return { type: 'delete', key: random.pick(allKeys) }
  if (kind < 0.25) return drawTxn(random, number)
  if (kind < 0.32) return drawKeyed(random, number)
  if (kind < 0.4) return drawLeasing(random, number)
  const count = random.chance(0.1) ? random.between(2, 4) : 1
  return { type: 'set', pairs: Array.from({ length: count }, () => [random.pick(allKeys), drawValue(random, number)]) }
}

/** Of a restore: any keys, each once, with values that nobody else writes. */
export function drawPairs(random: Random, restore: number): readonly Pair[] {
  const keys = random.shuffled(allKeys).slice(0, random.between(1, 4))
  return keys.map(key => [key, `restored ${restore}`])
}

function drawValue(random: Random, number: number): string {
  return random.chance(0.05) ? `${number}`.padEnd(random.between(100, 2_000), '.') : `${number}`
}

function drawTxn(random: Random, number: number): Command {
  const some = <T>(most: number, draw: () => T) => Array.from({ length: random.between(0, most) }, draw)
  return {
    type: 'txn',
    compare: some(2, () => drawCompare(random, number)),
    onSuccess: some(3, () => drawOperation(random, number)),
    onFailure: some(2, () => drawOperation(random, number)),
  }
}

function drawCompare(random: Random, number: number): Compare {
  const key = random.pick(boundKeys)
  if (random.chance(0.2)) return { target: 'value', key, op: random.pick(['=', '!=']), operand: `${random.between(0, number)}` }
  const target = random.pick(['created', 'modified', 'version', 'lease'] as const)
  const operand = target === 'version' ? random.between(0, 4) : random.between(0, number + 10)
  return { target, key, op: random.pick(['=', '!=', '<', '>']), operand }
}

function drawOperation(random: Random, number: number): Operation {
  const key = random.pick(boundKeys)
  const kind = random.next()
  if (kind < 0.2) return { op: 'delete', key }
  if (kind < 0.25) return { op: 'deletePrefix', prefix: random.pick(boundKeys) }
  if (kind < 0.4) return { op: 'get', key, meta: random.chance(0.5) }
  const lease = random.chance(0.1) ? drawLease(random, number) : 0
  return { op: 'put', key, value: drawValue(random, number), lease, ttlMs: lease === 0 && random.chance(0.2) ? 1_000 : 0 }
}

function drawKeyed(random: Random, number: number): Command {
  const id = `${random.between(0, 20)}`
  const command = encodeCommand({ type: 'set', pairs: [[random.pick(boundKeys), `${number}`]] })
  return { type: 'keyed', id, fingerprint: random.pick(['f', 'f', 'g']), limits: { records: 1_000, bytes: 1e6 }, command }
}

function drawLeasing(random: Random, number: number): Command {
  const lease = drawLease(random, number)
  const name = random.pick(locks)
  return random.pick<() => Command>([
    () => ({ type: 'grant', ttlMs: random.between(500, 5_000) }),
    () => ({ type: 'keepAlive', lease }),
    () => ({ type: 'revoke', lease }),
    () => ({ type: 'lock', name, lease, value: '' }),
    () => ({ type: 'unlock', name, lease }),
  ])()
}

/** What operators want, who make secrets for nodes and let them in; else what clients want. */
export function drawOperatorsCommand(random: Random, number: number): Command {
  const kind = random.next()
  if (kind < 0.9) return drawCommand(random, number)
  const digest = random.pick(secrets)
  return kind < 0.93
    ? { type: 'addSecret', digest, ttlMs: random.between(500, 5_000) }
    : { type: 'useSecret', digest, user: random.pick(joiners) }
}

function drawLease(random: Random, number: number): number {
  return random.between(1, number + 10)
}

export function describeCommand(command: Command): string {
  if (command.type === 'delete') return `delete ${show(command.key)}`
  if (command.type === 'set') return `set ${command.pairs.map(([key, value]) => `${show(key)}=${shorten(value)}`).join(' ')}`
  return JSON.stringify({ ...command, ...(command.type === 'keyed' && { command: '…' }) }).slice(0, 300)
}

function shorten(value: string): string {
  return value.length > 20 ? `${value.slice(0, 8)}… (${value.length})` : value
}
function show(key: Binary): string {
  return key === '' ? "''" : key
}
