import { type Logger, pino } from 'pino'
import { prettyLine } from './log-lines.ts'

/** The node's log: on stderr, so that stdout holds only what the command says. Written at once: a crash must not take its reason along. */
export function createLog({ level, format }: { readonly level: string; readonly format: string }): Logger {
  const options = { level, base: null }
  if (format === 'json') return pino(options, pino.destination({ dest: 2, sync: true }))
  return pino(options, { write: line => void process.stderr.write(`${prettyLine(line)}\n`) })
}
