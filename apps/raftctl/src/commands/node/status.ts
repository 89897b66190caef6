import type { StatusResponse } from 'kv-client'
import { ClientCommand } from '../../command/client-command.ts'
import { exitCodesHelp } from '../../command/exit-codes.ts'
import { prose } from '../../command/prose.ts'

type NodeReport = StatusResponse & {
  readonly ready: boolean
  /** One line for each thing that was looked at: `[+]leader ok`, or `[-]leader failed: ` and why. */
  readonly checks: readonly string[]
}

export default class NodeStatus extends ClientCommand {
  static override summary = 'Show what one node says of itself, and whether it is ready for clients'

  static override description =
    prose(`The first endpoint that answers is asked, and nobody else. Ready means: send clients here; each line says what was looked at.

${exitCodesHelp} A node that is not ready: 1.`)

  static override examples = [
    '<%= config.bin %> node status --endpoint localhost:8280',
    { description: 'Everything it tells', command: '<%= config.bin %> node status --output yaml' },
  ]

  async run(): Promise<NodeReport> {
    const { flags } = await this.parse(NodeStatus)
    const { client, settings, at } = await this.connect(flags)
    const status = await client.status()
    // The same node, whichever answered; it may be reached here under another name than it knows.
    const endpoint = settings.endpoints.length === 1 || status.clientAddress === '' ? settings.endpoints[0] : at(status.clientAddress)
    const { healthy, text } = await client.admin.ready({ endpoint })
    const report = { ...status, ready: healthy, checks: text.trim().split('\n') }
    this.print(report, { table: nodeText, rows: ({ members: _, checks: __, ...row }) => [row] }, flags)
    if (!healthy) process.exitCode = 1
    return report
  }
}

function nodeText({
  id,
  clusterId,
  role,
  leader,
  term,
  commit,
  applied,
  saved,
  keys,
  ready,
  checks,
  address,
  clientAddress,
}: NodeReport): string {
  const lines: readonly (readonly [string, string])[] = [
    ['NODE', `${id} of cluster ${clusterId.slice(0, 8)}`],
    ['ROLE', `${role}, term ${term}${role === 'leader' ? '' : `, ${leader === null ? 'no leader' : `${leader.id} leads`}`}`],
    ['CLIENTS', clientAddress],
    ['PEERS', address],
    ['LOG', `committed ${commit}, applied ${applied}, on disk ${saved}`],
    ['KEYS', String(keys)],
    ['READY', ready ? 'yes' : 'no'],
  ]
  return [...lines.map(([name, value]) => `${name.padEnd(9)}${value}`), ...checks.map(check => `  ${check}`)].join('\n')
}
