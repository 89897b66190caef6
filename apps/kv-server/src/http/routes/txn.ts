import type { OperationResult as OperationAnswer, TxnResponse } from 'kv-client'
import type { Binary } from '../../store/binary.ts'
import { type Compare, compareOps, numberTargets, type Operation, type OperationResult, type TxnCommand } from '../../store/command.ts'
import { readJson } from '../body.ts'
import type { Exchange } from '../exchange.ts'
import { bodyFields, bytesIn, integerIn, invalidBody, itemJson, objectIn, onlyFields, own } from '../json-bytes.ts'
import { checkedKey, checkedValue } from '../keys.ts'
import type { Limits } from '../limits.ts'
import { Refusal } from '../refusal.ts'
import { json, type Reply } from '../respond.ts'
import { write } from '../writing.ts'

const example = '{"compare":[{"key":"a","target":"version","operand":0}],"success":[{"op":"put","key":"a","value":"1"}]}'

/** `POST /v1/txn` */
export async function txn(exchange: Exchange): Promise<Reply> {
  const command = txnOf(await readJson(exchange, example), exchange.service.limits)
  return write(exchange, command, 'txn', ({ revision, succeeded, results }) => {
    return json(200, { revision, succeeded, results: results.map(shown) } satisfies TxnResponse)
  })
}

function shown(result: OperationResult): OperationAnswer {
  if (result.op === 'put') return { op: 'put' }
  if (result.op !== 'get') return result
  return { op: 'get', item: result.item === undefined ? null : itemJson(result.item) }
}

function txnOf(body: unknown, limits: Limits): TxnCommand {
  const fields = bodyFields(body, ['compare', 'success', 'failure'])
  const [compare, onSuccess, onFailure] = (['compare', 'success', 'failure'] as const).map(name => listIn(own(fields, name), name))
  const count = compare!.length + onSuccess!.length + onFailure!.length
  if (count === 0) throw invalidBody('there is nothing to do: give compare, success or failure')
  if (count > limits.txnOperationsMax) {
    throw new Refusal(413, 'TOO_LARGE', `${count} conditions and operations: at most ${limits.txnOperationsMax} in one transaction`)
  }
  return {
    type: 'txn',
    compare: compare!.map((one, at) => compareOf(one, `compare[${at}]`, limits)),
    onSuccess: onSuccess!.map((one, at) => operationOf(one, `success[${at}]`, limits)),
    onFailure: onFailure!.map((one, at) => operationOf(one, `failure[${at}]`, limits)),
  }
}

function listIn(value: unknown, name: string): readonly unknown[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw invalidBody(`${name} is not a list`)
  return value
}

const keyFields = ['key', 'keyBase64']
const valueFields = ['value', 'valueBase64']
const compareFields = [...keyFields, 'target', 'op']

function compareOf(value: unknown, where: string, limits: Limits): Compare {
  const fields = objectIn(value, where)
  const target = wordIn(own(fields, 'target'), [...numberTargets, 'value'], `target of ${where}`)
  onlyFields(fields, [...compareFields, ...(target === 'value' ? valueFields : ['operand'])], where)
  const key = keyIn(fields, where, limits)
  const op = wordIn(own(fields, 'op') ?? '=', compareOps, `op of ${where}`)
  if (target !== 'value') return { target, key, op, operand: integerIn(fields, 'operand') }
  if (op !== '=' && op !== '!=') throw invalidBody(`values are compared with = or !=, and ${where} has ${op}`)
  return { target, key, op, operand: valueIn(fields, where, key, limits) }
}

const operationFields = {
  put: [...keyFields, ...valueFields, 'op', 'lease'],
  delete: [...keyFields, 'op'],
  get: [...keyFields, 'op'],
  deletePrefix: ['prefix', 'prefixBase64', 'op'],
}

function operationOf(value: unknown, where: string, limits: Limits): Operation {
  const fields = objectIn(value, where)
  const op = wordIn(own(fields, 'op'), ['put', 'delete', 'get', 'deletePrefix'] as const, `op of ${where}`)
  onlyFields(fields, operationFields[op], where)
  if (op === 'deletePrefix') {
    const prefix = bytesIn(fields, 'prefix', where)
    if (prefix === undefined) throw invalidBody(`prefix of ${where} is missing`)
    return { op, prefix }
  }
  const key = keyIn(fields, where, limits)
  if (op === 'put') return { op, key, value: valueIn(fields, where, key, limits), lease: integerIn(fields, 'lease', 0), ttlMs: 0 }
  return op === 'get' ? { op, key, meta: false } : { op, key }
}

type Fields = { readonly [name: string]: unknown }

function keyIn(fields: Fields, where: string, limits: Limits): Binary {
  const key = bytesIn(fields, 'key', where)
  if (key === undefined) throw invalidBody(`key of ${where} is missing`)
  return checkedKey(key, limits)
}

function valueIn(fields: Fields, where: string, key: Binary, limits: Limits): Binary {
  const value = bytesIn(fields, 'value', where)
  if (value === undefined) throw invalidBody(`value of ${where} is missing`)
  return checkedValue(value, key, limits)
}

function wordIn<Word extends string>(value: unknown, words: readonly Word[], what: string): Word {
  const word = words.find(candidate => candidate === value)
  if (word === undefined) throw invalidBody(`${what} is one of: ${words.join(', ')}`)
  return word
}
