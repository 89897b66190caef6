import type { Operation } from 'kv-client'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'
import { wordsOf } from './words.ts'

export const operationHelp = 'set KEY VALUE, get KEY, delete KEY or delete-prefix PREFIX'

/** What `--then` and `--else` say. @throws Failure */
export function operationOf(text: string, flag: '--then' | '--else'): Operation {
  const words = wordsOf(text, flag)
  const [verb, first = '', second = ''] = words
  if (verb === 'set' && words.length === 3) return { op: 'put', key: first, value: second }
  if ((verb === 'get' || verb === 'delete') && words.length === 2) return { op: verb, key: first }
  if (verb === 'delete-prefix' && words.length === 2) return { op: 'deletePrefix', prefix: first }
  throw new Failure(`${flag} '${text}' is not an operation; write ${operationHelp}`, exitCodes.usage)
}
