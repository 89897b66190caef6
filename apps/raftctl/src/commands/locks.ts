import { ClientCommand } from '../command/client-command.ts'
import { exitCodesHelp } from '../command/exit-codes.ts'
import { cellOf } from '../output/bytes.ts'
import type { RowView } from '../output/rows.ts'

type LockRow = {
  readonly name?: string
  readonly nameBase64?: string
  readonly token: number
  readonly lease: number
  readonly value?: string
  readonly valueBase64?: string
  readonly waiting: number
}

const view: RowView<LockRow> = {
  columns: [
    ['NAME', row => cellOf(row.name ?? `base64:${row.nameBase64}`)],
    ['TOKEN', ({ token }) => String(token)],
    ['LEASE', ({ lease }) => String(lease)],
    ['WAITING', ({ waiting }) => String(waiting)],
    ['VALUE', row => cellOf(row.value ?? `base64:${row.valueBase64}`)],
  ],
  fields: ['name', 'token', 'lease', 'waiting', 'value', 'nameBase64', 'valueBase64'],
}

export default class Locks extends ClientCommand {
  static override summary = 'Show which locks are held, and how many wait for each'

  static override description = `A lock that nobody holds does not exist. To take one: "lock NAME".\n\n${exitCodesHelp}`

  static override examples = ['<%= config.bin %> locks', '<%= config.bin %> locks --output json']

  async run(): Promise<readonly LockRow[]> {
    const { flags } = await this.parse(Locks)
    const { client } = await this.connect(flags)
    const held = (await client.locks.list()).flatMap(({ holder, ...lock }) => (holder === null ? [] : [{ ...lock, ...holder }]))
    const rows = this.rows(view, flags, 'list')
    rows.print(held)
    rows.end()
    return held
  }
}
