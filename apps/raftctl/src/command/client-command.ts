import { KvClient } from 'kv-client'
import type { View } from '../output/render.ts'
import { type Columns, RowPrinter } from '../output/rows.ts'
import { RaftCommand } from './base.ts'
import { clientFlags } from './client-flags.ts'
import { outputFlags } from './output-flags.ts'
import { type OutputChoice, printer } from './print.ts'
import { type ConnectionFlags, type Settings, secured, settingsOf } from './settings.ts'

/** A client of the cluster, and what it was made from. */
export type Connection = {
  readonly client: KvClient
  readonly settings: Settings
  /** How to ask one member by its address. */
  readonly at: (clientAddress: string) => string
}

/** A command that talks to a running cluster: which endpoints, and how to print the answer. */
export abstract class ClientCommand extends RaftCommand {
  static override baseFlags = { ...clientFlags, ...outputFlags, ...RaftCommand.baseFlags }

  protected async connect(flags: ConnectionFlags): Promise<Connection> {
    const settings = await settingsOf(flags)
    const { endpoints, timeoutMs, token, files, isSecure } = settings
    const fetch = isSecure ? await (await import('./tls-fetch.ts')).tlsFetch(files) : undefined
    const client = new KvClient({ endpoints, timeoutMs, token, fetch })
    return { client, settings, at: address => secured(address, isSecure) }
  }

  protected print<Value extends object>(value: Value, view: View<Value>, flags: OutputChoice): void {
    printer(flags).print(value, view)
  }

  /** For lists (one document) and streams (one document a row). */
  protected rows<Row extends object>(
    view: { readonly columns: Columns<Row>; readonly fields: readonly (keyof Row & string)[] },
    flags: OutputChoice,
    kind: 'list' | 'stream',
  ): RowPrinter<Row> {
    return new RowPrinter(view, { output: flags.output, field: flags.field, kind })
  }
}
