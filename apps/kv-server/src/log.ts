import { type Logger, pino } from 'pino'

/** A log of JSON lines, each handed to `write` at once: a crash must not take its reason along. */
export function createLog({ level, write }: { readonly level: string; readonly write: (line: string) => void }): Logger {
  return pino({ level, base: null }, { write })
}
