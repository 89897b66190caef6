import { readFile } from 'node:fs/promises'
import { Args, Flags } from '@oclif/core'
import type { TxnRequest, TxnResponse } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodes, exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'
import { readStdinText } from '../../command/stdin.ts'
import { conditionHelp, conditionOf } from '../../txn/condition.ts'
import { operationHelp, operationOf } from '../../txn/operation.ts'
import { txnText } from '../../txn/view.ts'

export default class KvTxn extends ClientCommand {
  static override summary = 'Several conditions and writes at once: all or nothing'

  static override description = prose(`If every --if holds, each --then is done, otherwise each --else; nothing comes in between.

A condition is ${conditionHelp}. An operation is ${operationHelp}. Words part at spaces; quotes keep them together.

FILE, or - for the standard input, is the same as JSON, as the body of POST /v1/txn: {"compare":[…],"success":[…],"failure":[…]}. If the
conditions do not hold the exit code is 6, whatever --else did.

${exitCodesHelp}`)

  static override usage = 'kv txn [FILE] [--if CONDITION...] [--then OPERATION...] [--else OPERATION...] [FLAGS]'

  static override examples = [
    {
      description: 'Moves a key',
      command: `<%= config.bin %> kv txn --if 'old = 42' --then 'set new 42' --then 'delete old'`,
    },
    {
      description: 'Makes a key, or reads it if there is one',
      command: `<%= config.bin %> kv txn --if 'missing owner' --then 'set owner "Ada Lovelace"' --else 'get owner'`,
    },
    {
      description: 'Writes only while the lock is held, by its fencing token',
      command: `<%= config.bin %> kv txn --if "lock deploy = $RAFTCTL_LOCK_TOKEN" --then 'set version 7'`,
    },
    { description: 'From a file', command: '<%= config.bin %> kv txn move.json' },
  ]

  static override args = { file: Args.string({ description: 'the transaction as JSON; - for the standard input', ignoreStdin: true }) }

  static override flags = {
    if: Flags.string({ helpValue: 'CONDITION', description: 'must hold; see above', multiple: true, multipleNonGreedy: true }),
    // biome-ignore lint/suspicious/noThenProperty: the name of a flag; nobody awaits the flags
    then: Flags.string({ helpValue: 'OPERATION', description: 'done if all conditions hold', multiple: true, multipleNonGreedy: true }),
    else: Flags.string({ helpValue: 'OPERATION', description: 'done if one does not', multiple: true, multipleNonGreedy: true }),
    once: Flags.boolean({ description: 'try again when an answer is lost; the cluster does it once', default: false }),
  }

  async run(): Promise<TxnResponse> {
    const { args, flags } = await this.parse(KvTxn)
    const request = args.file === undefined ? requestFrom(flags) : await this.#requestIn(args.file, flags)
    const { client } = await this.connect(flags)
    const answer = await client.txn(request, { idempotencyKey: flags.once ? crypto.randomUUID() : undefined })
    this.print(answer, { table: () => txnText(request, answer), rows: ({ results }) => results }, flags)
    if (!answer.succeeded) process.exitCode = exitCodes.conditionFailed
    return answer
  }

  async #requestIn(file: string, flags: Words): Promise<TxnRequest> {
    if (isGiven(flags)) this.fail('give FILE, or else --if, --then and --else', exitCodes.usage)
    const text = file === '-' ? await readStdinText() : await readFile(file, 'utf8').catch(error => this.#unreadable(file, error))
    try {
      return JSON.parse(text) as TxnRequest // the server checks what is in it, and says where it is wrong
    } catch (error) {
      return this.fail(`${file === '-' ? 'the standard input' : file} is not JSON: ${(error as Error).message}`, exitCodes.usage)
    }
  }

  #unreadable(file: string, error: NodeJS.ErrnoException): never {
    return this.fail(
      `${file} cannot be read (${error.code ?? error.message}); name a file, or give --if, --then and --else`,
      exitCodes.usage,
    )
  }
}

type Words = { readonly if?: string[] | undefined; readonly then?: string[] | undefined; readonly else?: string[] | undefined }

const isGiven = (flags: Words): boolean => flags.if !== undefined || flags.then !== undefined || flags.else !== undefined

function requestFrom(flags: Words): TxnRequest {
  return {
    compare: (flags.if ?? []).map(conditionOf),
    success: (flags.then ?? []).map(text => operationOf(text, '--then')),
    failure: (flags.else ?? []).map(text => operationOf(text, '--else')),
  }
}
