import { createLog } from 'kv-server'
import { prettyLine } from './log-lines.ts'

/** The node's log: on stderr, so that stdout holds only what the command says. */
export function nodeLog({ level, format }: { readonly level: string; readonly format: string }): ReturnType<typeof createLog> {
  const shown = format === 'json' ? (line: string) => line : (line: string) => `${prettyLine(line)}\n`
  return createLog({ level, write: line => void process.stderr.write(shown(line)) })
}
