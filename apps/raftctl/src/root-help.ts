import type { Config } from '@oclif/core'

type Program = Pick<Config, 'bin' | 'version'>

const examples: readonly (readonly [command: string, what: string])[] = [
  ['dev', 'a cluster of three on this machine, until Ctrl-C'],
  ['kv set greeting hello', 'and: kv get greeting'],
  ['kv watch --prefix app/', 'every change as it happens'],
  ['cluster status --watch', 'who leads, who lags, how many may fail'],
  ['cluster doctor', 'what is wrong, and what to do about it'],
  ['lock deploy -- ./deploy.sh', 'one at a time, on all machines'],
  ['snapshot save backup.kv', 'and: snapshot restore backup.kv'],
]

/** What `raftctl` and `raftctl --help` print: fits a screen of 40 lines, and begins with what can be pasted. */
export function rootHelp({ bin, version }: Program, commands: readonly (readonly [name: string, summary: string])[]): string {
  return [
    `${bin} ${version}: run, use and operate a replicated key-value store`,
    '',
    'EXAMPLES',
    ...aligned(examples.map(([command, what]) => [`$ ${bin} ${command}`, what])),
    '',
    'COMMANDS',
    ...aligned([...commands].sort(([a], [b]) => a.localeCompare(b))),
    '',
    `Whom to ask: --endpoints HOST:PORT,…, RAFTCTL_ENDPOINTS, or a context (${bin} context --help).`,
    'Every answer takes --output table|json|yaml|csv and --field PATH. Exit codes are stable.',
    `More of each, with examples: ${bin} COMMAND --help`,
  ].join('\n')
}

function aligned(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd())
}
