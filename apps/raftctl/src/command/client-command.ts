import { Flags } from '@oclif/core'
import { KvClient } from 'kv-client'
import { type Format, render, type View } from '../output/render.ts'
import { RaftCommand } from './base.ts'
import { endpointOf, listOf } from './endpoint.ts'
import { outputFlags } from './output-flags.ts'

export type ClientFlags = {
  readonly endpoints: readonly string[]
  readonly timeout: number
  readonly output: Format
  readonly field: string | undefined
}

/** A command that talks to a running cluster: which endpoints, and how to print the answer. */
export abstract class ClientCommand extends RaftCommand {
  static override baseFlags = {
    endpoints: Flags.string({
      aliases: ['endpoint'],
      char: 'e',
      env: 'RAFTCTL_ENDPOINTS',
      helpValue: 'HOST:PORT',
      description: 'whom to ask; several, repeated or with commas: the next is tried when one does not answer',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      default: ['127.0.0.1:8180'],
    }),
    timeout: Flags.integer({
      env: 'RAFTCTL_TIMEOUT',
      helpValue: 'MS',
      description: 'milliseconds to wait for an answer',
      default: 5_000,
      min: 1,
    }),
    ...outputFlags,
  }

  protected client({ endpoints, timeout }: ClientFlags): KvClient {
    return new KvClient({ endpoints: listOf(endpoints).map(endpoint => endpointOf(endpoint, '--endpoints')), timeoutMs: timeout })
  }

  protected print<Value extends object>(value: Value, view: View<Value>, flags: ClientFlags): void {
    // A value is data: nothing may read % signs in it as a format, as oclif's log would.
    process.stdout.write(`${render(value, view, flags)}\n`)
  }
}
