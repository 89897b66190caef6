const levels = new Map<unknown, string>([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'WARN'],
  [50, 'ERROR'],
  [60, 'FATAL'],
])

/**
 * A JSON log line as a short one for people: `12:03:04.567 info  raft: leads term 2`. The message says what the fields say; whoever
 * wants those, or the stack of an error, takes --log-format json. A line that is not JSON stays as it is.
 */
export function prettyLine(json: string): string {
  const record = parse(json)
  if (record === undefined) return json
  const time = new Date(Number(record.time ?? 0)).toISOString().slice(11, 23)
  const level = (levels.get(record.level) ?? String(record.level ?? '')).padEnd(5)
  const reason = record.err?.message === undefined ? '' : `: ${record.err.message}`
  return `${time} ${level} ${record.msg ?? ''}${reason}`
}

type LogRecord = {
  readonly time?: unknown
  readonly level?: unknown
  readonly msg?: unknown
  readonly err?: { readonly message?: unknown }
}

function parse(json: string): LogRecord | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return value !== null && typeof value === 'object' ? value : undefined
  } catch {
    return undefined
  }
}
